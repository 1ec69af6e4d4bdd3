import type { SealedSecret } from '@bellwire/contracts';
import type { Keyring } from '@bellwire/secrets';
import type { StoredEndpoint } from './store/endpoints.ts';

/** Of which endpoint a sealed value is; it opens for no other. */
export interface SealPlace {
  tenantId: string;
  endpointId: string;
}

/** Seals what an endpoint keeps secret. Deliverers open it with the same context. */
export interface EndpointSeal {
  /** @param version of the secret, from 1, raised by each rotation */
  secret(place: SealPlace, version: number, secret: string): SealedSecret;
  /** @throws Fault INTERNAL where the master key has been lost */
  openSecret(place: SealPlace, secret: SealedSecret): string;
  /** @param version of the endpoint: each write seals the headers again */
  headers(place: SealPlace, version: number, headers: Readonly<Record<string, string>>): Buffer;
  /** With their values. @throws Fault INTERNAL where the master key has been lost */
  openHeaders(stored: StoredEndpoint): Record<string, string>;
}

const isStringRecord = (value: unknown): value is Record<string, string> =>
  typeof value === 'object' && value !== null && Object.values(value).every((item) => typeof item === 'string');

export const makeEndpointSeal = (keyring: Keyring): EndpointSeal => ({
  secret: (place, version, secret) => ({
    version,
    sealed: Buffer.from(keyring.seal(secret, { ...place, purpose: 'secret', version })),
  }),
  openSecret: (place, { version, sealed }) => keyring.open(sealed, { ...place, purpose: 'secret', version }),
  headers: (place, version, headers) =>
    Object.keys(headers).length === 0
      ? Buffer.alloc(0)
      : Buffer.from(keyring.seal(JSON.stringify(headers), { ...place, purpose: 'headers', version })),
  openHeaders: ({ tenantId, endpoint, sealedHeaders, version }) => {
    if (sealedHeaders.length === 0) return {};
    const context = { tenantId, endpointId: endpoint.id, purpose: 'headers', version };
    const headers: unknown = JSON.parse(keyring.open(sealedHeaders, context));
    if (!isStringRecord(headers)) throw new Error('sealed headers are not an object of texts');
    return headers;
  },
});
