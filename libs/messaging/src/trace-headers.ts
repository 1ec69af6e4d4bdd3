import { context, propagation, ROOT_CONTEXT, type Context } from '@opentelemetry/api';

/** Headers for a record that is produced in the active span: W3C traceparent, or none while tracing is off. */
export const traceHeaders = (active: Context = context.active()): Record<string, string> => {
  const headers: Record<string, string> = {};
  propagation.inject(active, headers);
  return headers;
};

/** The context in which a record was produced. */
export const contextOfHeaders = (headers: Readonly<Record<string, string>>): Context =>
  propagation.extract(ROOT_CONTEXT, headers);
