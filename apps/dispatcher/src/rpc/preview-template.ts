import type { PreviewTemplateRequest, PreviewTemplateResponse } from '@bellwire/contracts';
import { dialectNamed, renderBody } from '@bellwire/dialects';
import { actingFor, deliveryIdOf, isEventTypeName, newId, type Clock } from '@bellwire/domain';
import { invalidField, invalidFields } from '@bellwire/errors';
import type { RegistryView } from '@bellwire/registry-view';
import type { Call } from '@bellwire/rpc';
import { expressionOf, templateProblems } from '@bellwire/templating';
import type { RenderTemplate } from '../planning/plan-templated.ts';
import { parseJson } from './test-filter.ts';

export interface PreviewTemplateDeps {
  view: Pick<RegistryView, 'tenant' | 'catchUp'>;
  renderTemplate: RenderTemplate;
  clock: Clock;
}

/**
 * Says what a payload template makes of an event, in the envelope of the tenant's dialect, without sending anything.
 *
 * @throws Fault INVALID_FIELD for a wrong template, one that fails for this event, and a wrong event
 */
export const makePreviewTemplate =
  ({ view, renderTemplate, clock }: PreviewTemplateDeps) =>
  async (request: PreviewTemplateRequest, call: Call): Promise<PreviewTemplateResponse> => {
    const { tenantId } = actingFor(call.principal, 'endpoints:write', call.namedTenant);
    const { payloadTemplate = { preset: '', expression: '' }, eventType, data, subject, actionUrls } = request;
    const problems = templateProblems(payloadTemplate);
    if (problems.length > 0) throw invalidFields(problems);
    if (!isEventTypeName(eventType)) throw invalidField('event.type', 'must be a dotted name such as invoice.paid');
    parseJson('event.data', data);

    await view.catchUp();
    const dialect = dialectNamed(view.tenant(tenantId)?.dialect ?? 'standard');
    if (dialect === undefined) throw new Error(`a dialect of ${tenantId} that this version does not know`);
    const nowMs = clock.now();
    const id = newId('evt', nowMs);
    const deliveryId = deliveryIdOf(id, 'preview', nowMs);
    const event = {
      id,
      type: eventType,
      subject,
      data,
      actionUrls,
      deliveryId,
      occurredAtMs: nowMs,
      acceptedAtMs: nowMs,
    };
    const body = Buffer.from(renderBody(dialect, event)).toString();
    const rendered = await renderTemplate({ tenantId, expression: expressionOf(payloadTemplate), body, eventType });
    if ('body' in rendered) return { body: rendered.body };
    const member = payloadTemplate.preset === '' ? 'expression' : 'preset';
    throw invalidField(`payload_template.${member}`, `fails for this event: ${rendered.failure}`);
  };
