// The receiver, a process of its own: answers 200, notes when each event arrived, and verifies one signature in fifty.
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { machineMs } from '../clock.ts';
import { answerQuestions } from '../helper-process.ts';
import { headerOf, makeHttpParser, type Request } from './http-parser.ts';
import { receiverQuestion, type Arrival } from './receiver-protocol.ts';

const verifiedEach = 50;
const ok = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');

interface Path {
  delayMs: number;
  key: KeyObject | undefined;
}

const paths = new Map<string, Path>();
let arrivals: Arrival[] = [];
let verified = 0;
let badSignatures = 0;
let prompt = 0;

/** As Standard Webhooks 1.0 says, with nothing of the product in it. */
const isSigned = ({ head, body }: Request, id: string, key: KeyObject): boolean => {
  const signed = `${id}.${headerOf(head, 'webhook-timestamp') ?? ''}.`;
  const expected = `v1,${createHmac('sha256', key).update(signed).update(body).digest('base64')}`;
  return (headerOf(head, 'webhook-signature') ?? '').split(' ').includes(expected);
};

const onRequest = (socket: Socket, request: Request): void => {
  const atMs = machineMs();
  const id = headerOf(request.head, 'webhook-id') ?? '';
  arrivals.push({ id, path: request.path, atMs });
  const path = paths.get(request.path);
  if (path?.key !== undefined && arrivals.length % verifiedEach === 0) {
    verified++;
    if (!isSigned(request, id, path.key)) badSignatures++;
  }
  const answer = (): unknown => !socket.destroyed && socket.write(ok);
  if (path !== undefined && path.delayMs > 0) return void setTimeout(answer, path.delayMs);
  prompt++;
  answer();
};

const onConnection = (socket: Socket): void => {
  socket.setNoDelay(true);
  socket.on(
    'data',
    makeHttpParser((request) => onRequest(socket, request)),
  );
  socket.on('error', () => socket.destroy());
};

const listen = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer(onConnection);
    server.listen(0, '127.0.0.1', () => {
      const address: AddressInfo | string | null = server.address();
      resolve(z.object({ port: z.number() }).parse(address).port);
    });
  });

answerQuestions((asked) => {
  const question = receiverQuestion.parse(asked);
  switch (question.kind) {
    case 'listen':
      return listen();
    case 'path': {
      const bytes = Buffer.from(question.secret.replace(/^whsec_/, ''), 'base64');
      paths.set(question.path, { delayMs: question.delayMs, key: createSecretKey(bytes) });
      return undefined;
    }
    case 'count':
      return prompt;
    case 'take': {
      const taken = { arrivals, verified, badSignatures };
      arrivals = [];
      verified = 0;
      badSignatures = 0;
      prompt = 0;
      return taken;
    }
  }
});
