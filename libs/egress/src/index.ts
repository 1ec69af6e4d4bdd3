export { openSender, type Sender, type SenderOptions, type SendRequest } from './send.ts';
export { checkUrl, type EgressPolicy, type UrlVerdict } from './url-rules.ts';
export { classifyAddress, parseAllowCidrs, type AddressVerdict } from './address-rules.ts';
export type { Resolver } from './vetted-lookup.ts';
