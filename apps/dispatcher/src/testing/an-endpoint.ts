import { standard } from '@bellwire/dialects';
import type { CompiledEndpoint } from '../endpoints/compiled-endpoint.ts';

/** One of the standard dialect, with nothing set. */
export const anEndpoint = (given: Partial<CompiledEndpoint> = {}): CompiledEndpoint => ({
  id: 'ep_1',
  tenantId: 'ten_1',
  url: 'https://example.com/',
  subject: undefined,
  isEnabled: true,
  isTestMode: false,
  dialect: standard,
  policy: standard.retry,
  timeoutMs: 1000,
  maxConcurrency: undefined,
  rateLimit: undefined,
  hourlyLimit: undefined,
  template: undefined,
  quietHours: undefined,
  quietUntil: () => undefined,
  wantsType: () => true,
  filter: undefined,
  signingKeys: () => [],
  createdAtMs: 0,
  updatedAtMs: 0,
  customHeaders: {},
  ...given,
});
