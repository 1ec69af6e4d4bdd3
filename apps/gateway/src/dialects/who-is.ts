import { RegistryServiceService as Registry, type WhoAmIResponse } from '@bellwire/contracts';
import type { Clock } from '@bellwire/domain';
import { Fault, toFault } from '@bellwire/errors';
import type { RpcChannel } from '@bellwire/rpc';
import { hashOf } from '../caller.ts';

/** Whom a key acts for. */
export interface Who {
  readonly bearer: string;
  readonly tenantId: string;
  /** Of the tenant, by name. */
  readonly dialect: string;
  /** The user; undefined for a key of the whole tenant. */
  readonly subject: string | undefined;
}

/** How long an answer holds. What a key may do is decided by each called service, so a revocation counts at once. */
const keptMs = 10_000;
const keptKeys = 10_000;

/** Another try may have another answer. */
const isPassing = (error: unknown): boolean => toFault(error).kind !== 'unauthenticated';

/**
 * Asks registry, and remembers by the hash of the key, refusals too.
 * The answer throws Fault UNKNOWN_KEY, SUBJECT_NEEDED for the admin key, SERVICE_UNAVAILABLE.
 */
export const makeWhoIs = ({ registry, clock }: { registry: Pick<RpcChannel, 'unary'>; clock: Clock }) => {
  const known = new Map<string, { answer: Promise<WhoAmIResponse>; untilMs: number }>();

  const ask = (bearer: string, hash: string, nowMs: number): Promise<WhoAmIResponse> => {
    const answer = registry.unary(Registry.whoAmI, {}, { bearer });
    known.delete(hash);
    known.set(hash, { answer, untilMs: nowMs + keptMs });
    const [oldest] = known.keys();
    if (known.size > keptKeys && oldest !== undefined) known.delete(oldest);
    answer.catch((error: unknown) => {
      if (isPassing(error) && known.get(hash)?.answer === answer) known.delete(hash);
    });
    return answer;
  };

  return async (bearer: string): Promise<Who> => {
    const hash = hashOf(bearer);
    const nowMs = clock.now();
    const found = known.get(hash);
    const answer = found !== undefined && found.untilMs > nowMs ? found.answer : ask(bearer, hash, nowMs);
    const { tenantId, dialect, subject, apiKeyId } = await answer;
    if (apiKeyId === '') throw new Fault('SUBJECT_NEEDED', 'The admin key acts for no user: use a key with a subject.');
    return { bearer, tenantId, dialect, subject };
  };
};
