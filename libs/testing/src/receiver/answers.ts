import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

/** What the receiver does with one request. Empty: 200 with an empty body. */
export interface Answer {
  /** @default 200 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array;
  /** A body of so many bytes instead of `body`, made while it is sent. */
  readonly hugeBodyBytes?: number;
  /** Waits before the answer, in milliseconds. */
  readonly delayMs?: number;
  /** Never answers, or sends the headers and then nothing. The connection stays open until the other side closes it. */
  readonly hang?: 'before_headers' | 'after_headers';
  /** Closes the connection without an answer, or after half of one. */
  readonly close?: 'before_headers' | 'mid_body';
  /** Answers with this Location and status 302 (or `status`). */
  readonly redirectTo?: string;
}

const pieceBytes = 16 * 1024;

const sendHuge = async (response: ServerResponse, bytes: number): Promise<void> => {
  const piece = Buffer.alloc(pieceBytes, 'x');
  for (let sent = 0; sent < bytes && !response.destroyed; sent += pieceBytes) {
    if (response.write(piece.subarray(0, Math.min(pieceBytes, bytes - sent)))) continue;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        response.off('drain', done).off('close', done);
        resolve();
      };
      response.on('drain', done).on('close', done);
    });
  }
  response.end();
};

const writeHead = (response: ServerResponse, answer: Answer): void => {
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  if (answer.redirectTo !== undefined) response.setHeader('location', answer.redirectTo);
  response.writeHead(answer.status ?? (answer.redirectTo === undefined ? 200 : 302));
};

/** Plays one answer. Resolves when nothing is left to do, which for a hang is at once. */
export const play = async (response: ServerResponse, answer: Answer): Promise<void> => {
  if (answer.delayMs !== undefined) await wait(answer.delayMs, undefined, { ref: false });
  if (response.destroyed || answer.hang === 'before_headers') return;
  if (answer.close === 'before_headers') {
    response.socket?.destroy();
    return;
  }
  if (answer.close === 'mid_body') response.setHeader('content-length', '1000');
  writeHead(response, answer);
  if (answer.hang === 'after_headers') {
    response.flushHeaders();
    return;
  }
  if (answer.close === 'mid_body') {
    response.write('half', () => response.socket?.destroy());
    return;
  }
  if (answer.hugeBodyBytes === undefined) response.end(answer.body ?? '');
  else await sendHuge(response, answer.hugeBodyBytes);
};
