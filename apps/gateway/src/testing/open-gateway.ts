import { openLogger, openScope } from '@bellwire/lifecycle';
import { makeBytesInFlight } from '../bytes-in-flight.ts';
import { startGateway, type GatewayDeps } from '../index.ts';
import { openFakeServices, type FakeServices } from './fake-services.ts';

export interface TestGateway extends FakeServices {
  url: string;
  /** One request with the key `key-1`; `json` is the text of its body. */
  call(method: string, path: string, options?: { json?: string; headers?: Record<string, string> }): Promise<Answer>;
  close(): Promise<void>;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The body, parsed; undefined where there is none. */
  body: unknown;
}

/** The gateway on a port of its own, in front of fake services. */
export const openGateway = async (options: Partial<GatewayDeps> = {}): Promise<TestGateway> => {
  const log = openLogger({ level: 'silent' });
  const scope = openScope({ log });
  const fakes = await openFakeServices(scope);
  const { port } = await startGateway({
    scope,
    log,
    clock: { now: () => Date.now() },
    host: '127.0.0.1',
    port: 0,
    services: fakes.services,
    requestsPerMinute: 6000,
    maxPayloadBytes: 262_144,
    bytesInFlight: makeBytesInFlight(67_108_864),
    isReady: async () => ({ ready: true, reasons: [] }),
    onFailure: () => undefined,
    ...options,
  });
  const url = `http://127.0.0.1:${port}`;
  return {
    ...fakes,
    url,
    call: async (method, path, { json, headers } = {}) => {
      const response = await fetch(url + path, {
        method,
        headers: {
          authorization: 'Bearer key-1',
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(json === undefined ? {} : { body: json }),
      });
      const text = await response.text();
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      return { status: response.status, headers: response.headers, text, body };
    },
    close: () => scope.close(),
  };
};
