export type { CatalogueEntry, Dialect, Envelope, EnvelopeField, HeaderTemplate, ValueSource } from './dialect.ts';
export { dialectNamed, dialectNames } from './dialects.ts';
export { standard } from './standard.ts';
export { bodyNamesDelivery, renderBody, type RenderedEvent } from './render-body.ts';
export { headerNames, requestHeaders, type Attempt } from './request-headers.ts';
export { resolvePolicy, type EndpointRetry } from './policy.ts';
