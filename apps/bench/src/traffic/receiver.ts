// The receiver, a process of its own: answers as it is told, notes when each event arrived, and verifies one signature in fifty.
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { machineMs } from '../clock.ts';
import { answerQuestions } from '../helper-process.ts';
import { headerOf, makeHttpParser, type Request } from './http-parser.ts';
import { makePorts } from './ports.ts';
import { receiverQuestion, type Answering, type Arrival } from './receiver-protocol.ts';

const verifiedEach = 50;

interface Path {
  group: string;
  delayMs: number;
  key: KeyObject;
  answer: Buffer;
  atOnce: number;
  mostAtOnce: number;
}

const answerOf = (status: number): Buffer =>
  Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Length: 0\r\n\r\n`);
const ok = answerOf(200);

const paths = new Map<string, Path>();
const counts = new Map<string, number>();
let arrivals: Arrival[] = [];
let verified = 0;
let badSignatures = 0;

const pathOf = ({ group, delayMs, status, secret }: Answering): Path => ({
  group,
  delayMs,
  answer: answerOf(status),
  key: createSecretKey(Buffer.from(secret.replace(/^whsec_/, ''), 'base64')),
  atOnce: 0,
  mostAtOnce: 0,
});

/** As Standard Webhooks 1.0 says, with nothing of the product in it. */
const isSigned = ({ head, body }: Request, id: string, key: KeyObject): boolean => {
  const signed = `${id}.${headerOf(head, 'webhook-timestamp') ?? ''}.`;
  const expected = `v1,${createHmac('sha256', key).update(signed).update(body).digest('base64')}`;
  return (headerOf(head, 'webhook-signature') ?? '').split(' ').includes(expected);
};

const answer = (socket: Socket, path: Path): void => {
  const reply = (): void => {
    path.atOnce--;
    if (!socket.destroyed) socket.write(path.answer);
  };
  path.atOnce++;
  path.mostAtOnce = Math.max(path.mostAtOnce, path.atOnce);
  if (path.delayMs > 0) setTimeout(reply, path.delayMs);
  else reply();
};

const onRequest = (socket: Socket, request: Request): void => {
  const atMs = machineMs();
  const id = headerOf(request.head, 'webhook-id') ?? '';
  arrivals.push({ id, path: request.path, atMs });
  const path = paths.get(request.path);
  if (path === undefined) return void socket.write(ok);
  counts.set(path.group, (counts.get(path.group) ?? 0) + 1);
  if (arrivals.length % verifiedEach === 0) {
    verified++;
    if (!isSigned(request, id, path.key)) badSignatures++;
  }
  answer(socket, path);
};

const ports = makePorts((socket) => {
  socket.setNoDelay(true);
  socket.on(
    'data',
    makeHttpParser((request) => onRequest(socket, request)),
  );
  socket.on('error', () => socket.destroy());
});

answerQuestions((asked) => {
  const question = receiverQuestion.parse(asked);
  switch (question.kind) {
    case 'listen':
      return ports.listen(question.port);
    case 'close':
      return ports.close(question.port);
    case 'path':
      paths.set(question.answering.path, pathOf(question.answering));
      return undefined;
    case 'count':
      return counts.get(question.group) ?? 0;
    case 'most':
      return paths.get(question.path)?.mostAtOnce ?? 0;
    case 'take': {
      const taken = { arrivals, verified, badSignatures };
      arrivals = [];
      verified = 0;
      badSignatures = 0;
      counts.clear();
      return taken;
    }
  }
});
