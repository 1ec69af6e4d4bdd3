import crypto from 'node:crypto';
import { stripTypeScriptTypes } from 'node:module';
import vm from 'node:vm';

/** A request as the receiver of a document meets it; names of headers are in lower case. */
export interface DocumentRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Answers the status; 0 where the receiver says nothing. Throws what the receiver throws. */
export type DocumentReceiver = (request: DocumentRequest) => number;

/** What the documents print in place of a secret. */
export const printedSecret = 'your-secret-key';

/** As much of Express as the documents use. Without a body parser of their own they mean express.json(). */
const fakeExpress = () => {
  let parses: unknown = 'json';
  let handler: unknown;
  const app = {
    use: (middleware: unknown) => void (parses = middleware),
    post: (_path: string, ...steps: unknown[]) => {
      handler = steps.pop();
      if (steps.length > 0) parses = steps.pop();
    },
  };
  const express = Object.assign(() => app, { raw: () => 'raw', json: () => 'json' });
  const answer = ({ headers, body }: DocumentRequest): number => {
    let status = 0;
    const response = {
      status: (code: number) => ((status = code), response),
      send: () => (status ||= 200),
      json: () => (status ||= 200),
    };
    if (typeof handler !== 'function') throw new Error('the document registers no receiver');
    handler({ headers, body: parses === 'raw' ? Buffer.from(body) : JSON.parse(body) }, response);
    return status;
  };
  return { app, express, answer };
};

/**
 * Runs a receiver for Node.js as a document prints it, word for word but for the secret, without Express.
 *
 * @param code JavaScript, or TypeScript that imports crypto
 */
export const documentReceiver = (code: string, secret: string): DocumentReceiver => {
  const { app, express, answer } = fakeExpress();
  const required = code.replace("import crypto from 'crypto';", "const crypto = require('crypto');");
  const withSecret = stripTypeScriptTypes(required).replace(`'${printedSecret}'`, () => JSON.stringify(secret));
  vm.runInNewContext(`(() => {${withSecret}})()`, {
    require: (name: string) => (name === 'express' ? express : crypto),
    process: { env: { WEBHOOK_SECRET: secret, CONTRIBUX_WEBHOOK_SECRET: secret } },
    console: { log: () => undefined },
    handleContribuxEvent: () => undefined,
    WEBHOOK_SECRET: secret,
    SECRET: secret,
    Buffer,
    express,
    app,
  });
  return answer;
};
