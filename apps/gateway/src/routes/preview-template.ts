import { z } from 'zod';
import { DispatcherServiceService as Dispatcher } from '@bellwire/contracts';
import { invalidField } from '@bellwire/errors';
import type { Route } from '../app.ts';
import { callerOf } from '../caller.ts';
import { JsonText, membersOf } from '../json-text.ts';
import { noQuery } from '../resources/members.ts';
import { fromPreviewedTemplate, previewedTemplate } from '../resources/payload-template.ts';

/** What a payload template makes of an event, before an endpoint has it. */
export const previewTemplate: Route = (app, { dispatcher, publishBodyLimit }) =>
  app.route({
    method: 'POST',
    url: '/v1/endpoints/preview-template',
    bodyLimit: publishBodyLimit,
    schema: {
      summary: 'Preview a payload template',
      description: 'The body that an endpoint with this template would receive for this event. Nothing is sent.',
      operationId: 'previewTemplate',
      tags: ['Endpoints'],
      querystring: noQuery,
      body: previewedTemplate,
      response: { 200: z.object({ body: z.unknown().describe('An object or a list, as the template makes it.') }) },
    },
    handler: async (request) => {
      const data = membersOf(request.bodyMembers?.get('event') ?? '{}').texts.get('data');
      if (data === undefined) throw invalidField('event.data', 'is required');
      const wanted = fromPreviewedTemplate(request.body, data);
      const { body } = await dispatcher.unary(Dispatcher.previewTemplate, wanted, callerOf(request));
      return { body: new JsonText(body) };
    },
  });
