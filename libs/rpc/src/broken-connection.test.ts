import { afterEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { constants, createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { Metadata, status } from '@grpc/grpc-js';
import { IngestionServiceService } from '@bellwire/contracts';
import { faultOf } from './grpc-status.ts';
import { openChannel } from './index.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** The fault of a call to an HTTP/2 server that does this with it. */
const callTo = async (onStream: (stream: ServerHttp2Stream) => void): Promise<unknown> => {
  const server = createServer();
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => sessions.add(session.on('error', () => undefined)));
  server.on('stream', (stream) => onStream(stream.on('error', () => undefined)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const channel = openChannel(`127.0.0.1:${address.port}`);
  closers.push(() => {
    channel.close();
    for (const session of sessions) session.destroy();
    server.close();
  });
  const request = { type: 'a', data: '{}', actionUrls: {} };
  return channel.unary(IngestionServiceService.publish, request, { bearer: 'key' }).catch((error: unknown) => error);
};

test.each<[string, (stream: ServerHttp2Stream) => void]>([
  ['stream is reset', (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR)],
  ['session is closed with an error', ({ session }) => session?.destroy(undefined, constants.NGHTTP2_INTERNAL_ERROR)],
  ['session breaks a rule', ({ session }) => session?.destroy(undefined, constants.NGHTTP2_PROTOCOL_ERROR)],
  ['socket is cut', ({ session }) => session?.socket.destroy()],
])('a call whose %s fails with SERVICE_UNAVAILABLE, to be tried again', async (_name, cut) => {
  expect(await callTo(cut)).toMatchObject({ reason: 'SERVICE_UNAVAILABLE', retryAfterMs: 1000 });
});

test.each([
  'Received RST_STREAM with code 2 triggered by internal client error: Session closed with error code 2',
  'Received RST_STREAM with code 1',
  'Failed to start HTTP/2 stream with error The session has been destroyed',
])('INTERNAL of the transport is SERVICE_UNAVAILABLE: %s', (details) => {
  const error = Object.assign(new Error(details), { code: status.INTERNAL, details, metadata: new Metadata() });
  expect(faultOf(error)).toMatchObject({ reason: 'SERVICE_UNAVAILABLE', retryAfterMs: 1000, cause: error });
});

test('a call that its service answers with INTERNAL is a bug still', async () => {
  const answer = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '13', 'grpc-message': 'oh' };
  expect(await callTo((stream) => stream.respond(answer, { endStream: true }))).toMatchObject({ reason: 'INTERNAL' });
});
