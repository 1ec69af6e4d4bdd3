import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Fault } from '@bellwire/errors';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the request holds of the bytes in flight; null where it has no body. */
    heldBody: HeldBody | null;
  }
}

/** How many bytes of request bodies a process holds at most, whoever sends them. */
export interface BytesInFlight {
  /** Bytes that are reserved now. */
  held(): number;
  /** The answer gives them back. One is always admitted, whatever its size. @throws Fault OVERLOADED */
  reserve(bytes: number): () => void;
}

export const makeBytesInFlight = (maxBytes: number): BytesInFlight => {
  let held = 0;
  return {
    held: () => held,
    reserve: (bytes) => {
      if (held > 0 && held + bytes > maxBytes) {
        throw new Fault('OVERLOADED', 'Too many requests are under way.', { retryAfterMs: 1000 });
      }
      held += bytes;
      return () => {
        held -= bytes;
      };
    },
  };
};

/**
 * Gives the bytes back when the response is closed and nothing works on the body any more: a caller who leaves while a
 * service is called leaves the body behind.
 */
class HeldBody {
  readonly #release: () => void;
  #isClosed = false;
  #isWorkedOn = false;
  #isHeld = true;

  constructor(release: () => void) {
    this.#release = release;
  }

  /** The body has arrived. */
  arrived(): void {
    this.#isWorkedOn = true;
  }

  answered(): void {
    this.#isWorkedOn = false;
    this.#settle();
  }

  /** Of the response, answered or not. */
  closed(): void {
    this.#isClosed = true;
    this.#settle();
  }

  #settle(): void {
    if (!this.#isHeld || !this.#isClosed || this.#isWorkedOn) return;
    this.#isHeld = false;
    this.#release();
  }
}

/** What a request costs beside the bytes of its body: so the number of requests is bounded, too. */
const leastBytes = 16 * 1024;

/** What may arrive of the body; 0: there is none. Without a told length, or with a larger one: what its route allows. */
const bytesOf = ({ headers, routeOptions }: FastifyRequest): number => {
  const { bodyLimit } = routeOptions;
  const length = headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : bodyLimit;
  return length === 0 ? 0 : Math.max(leastBytes, Math.min(length, bodyLimit));
};

/**
 * The answer reserves room for the body of a request before it is read, until the request is answered. Where there is none,
 * it throws OVERLOADED, and the connection is closed after the answer. Probes are let through.
 */
export const boundBodies = (
  app: FastifyInstance,
  inFlight: BytesInFlight,
): ((request: FastifyRequest, reply: FastifyReply) => void) => {
  app.decorateRequest('heldBody', null);
  app.addHook('preValidation', async ({ heldBody }) => heldBody?.arrived());
  app.addHook('onSend', async ({ heldBody }) => heldBody?.answered());

  return (request, reply) => {
    const bytes = bytesOf(request);
    if (bytes === 0 || request.routeOptions.config.limit === 'none') return;
    try {
      const held = new HeldBody(inFlight.reserve(bytes));
      request.heldBody = held;
      reply.raw.once('close', () => held.closed());
    } catch (full) {
      reply.header('connection', 'close');
      throw full;
    }
  };
};
