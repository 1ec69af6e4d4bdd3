import { Endpoint, type RotateSecretRequest, type RotateSecretResponse, type SealedSecret } from '@bellwire/contracts';
import type { Acting } from '@bellwire/domain';
import type { EgressPolicy } from '@bellwire/egress';
import type { FieldProblem } from '@bellwire/errors';
import type { RandomBytes } from '@bellwire/secrets';
import { newSecret, secretProblem, type SignatureProfile } from '@bellwire/signing';
import { dialectOf } from './create-endpoint.ts';
import { lockEndpoint, writeNext, type EndpointWriteDeps } from './next-endpoint.ts';
import { replaceSecrets, secretsOf } from './store/endpoint-secrets.ts';
import { tenantOf } from './tenant-of.ts';
import { checkedEdit } from './update-endpoint.ts';

const daySeconds = 86_400;
const maxOverlapSeconds = 7 * daySeconds;
/** Secrets that sign at once, the new one among them. */
const maxSecrets = 5;

/**
 * Those that go on signing beside a new one: the current one until `endsAtMs`, older ones as long as they were given; of
 * too many the oldest go.
 */
export const stillSigning = (
  secrets: readonly SealedSecret[],
  nowMs: number,
  endsAtMs: number,
): readonly SealedSecret[] =>
  secrets
    .map((secret) => ({ ...secret, expiresAtMs: Math.min(secret.expiresAtMs ?? endsAtMs, endsAtMs) }))
    .filter(({ expiresAtMs }) => expiresAtMs > nowMs)
    .slice(0, maxSecrets - 1);

const rotationProblems = (
  signature: SignatureProfile,
  { secret, overlapSeconds = daySeconds }: RotateSecretRequest,
): FieldProblem[] => {
  const wrongSecret = secret === undefined ? undefined : secretProblem(signature, secret);
  return [
    ...(overlapSeconds > maxOverlapSeconds
      ? [{ path: 'overlap_seconds', message: `must be at most ${maxOverlapSeconds}` }]
      : []),
    ...(wrongSecret === undefined ? [] : [wrongSecret]),
  ];
};

/**
 * Gives an endpoint a new secret, made or taken from the request; it is in this answer and nowhere else. The old ones sign
 * beside it for `overlap_seconds`: 86,400 by default, at most 7 days. What `edit` changes is of the same version: no
 * request goes to a new URL with an old secret.
 *
 * @throws Fault INVALID_FIELD, INVALID_URL, INVALID_FILTER, NOT_FOUND, LOG_UNAVAILABLE, DATABASE_UNAVAILABLE
 */
export const makeRotateSecret =
  (deps: EndpointWriteDeps & { urlPolicy: EgressPolicy; randomBytes: RandomBytes }) =>
  (acting: Acting, request: RotateSecretRequest): Promise<RotateSecretResponse> =>
    deps.commit(acting.tenantId, async (write) => {
      const { clock, seal, randomBytes } = deps;
      const { tenantId } = acting;
      const dialect = dialectOf(await tenantOf(write.tx, tenantId));
      const { signature } = dialect;
      const stored = await lockEndpoint(write, acting, request.id);
      const edit = checkedEdit(deps, {
        acting,
        dialect,
        stored,
        given: request.edit?.endpoint ?? Endpoint.create(),
        mask: request.edit?.updateMask ?? [],
        problems: rotationProblems(signature, request),
      });

      const place = { tenantId, endpointId: request.id };
      const old = (await secretsOf(write.tx, tenantId, [request.id])).get(request.id) ?? [];
      const secret = request.secret ?? newSecret(signature, randomBytes);
      const nowMs = clock.now();
      const secrets = [
        seal.secret(place, (old[0]?.version ?? 0) + 1, secret),
        ...stillSigning(old, nowMs, nowMs + (request.overlapSeconds ?? daySeconds) * 1000),
      ];
      await replaceSecrets(write.tx, place, secrets);
      return { endpoint: await writeNext(write, deps, stored, { ...edit, secrets }), secret };
    });
