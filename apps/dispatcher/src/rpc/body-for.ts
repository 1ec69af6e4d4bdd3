import { renderBody, type RenderedEvent } from '@bellwire/dialects';
import { Fault } from '@bellwire/errors';
import type { CompiledEndpoint } from '../endpoints/compiled-endpoint.ts';
import type { RenderTemplate } from '../planning/plan-templated.ts';

/** The body that an endpoint gets of an event, by its template of now. @throws Fault TEMPLATE_FAILED */
export const makeBodyFor =
  (renderTemplate: RenderTemplate) =>
  async (
    { tenantId, dialect, template }: Pick<CompiledEndpoint, 'tenantId' | 'dialect' | 'template'>,
    event: RenderedEvent,
  ): Promise<Buffer> => {
    const body = Buffer.from(renderBody(dialect, event));
    if (template === undefined) return body;
    const request = { tenantId, expression: template, body: body.toString(), eventType: event.type };
    const rendered = await renderTemplate(request);
    if ('failure' in rendered) {
      throw new Fault('TEMPLATE_FAILED', `The payload template of the endpoint: ${rendered.failure}.`);
    }
    return Buffer.from(rendered.body);
  };

export type BodyFor = ReturnType<typeof makeBodyFor>;
