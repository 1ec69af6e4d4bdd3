import type { Endpoint, SealedSecret } from '@bellwire/contracts';
import type { Acting, Clock } from '@bellwire/domain';
import { noSuch, type Fault, type FieldProblem } from '@bellwire/errors';
import type { Commit, Write } from './commit-changes.ts';
import { hiddenValue } from './hidden-value.ts';
import { isIdText } from './id-text.ts';
import { endpointChange } from './registry-change.ts';
import type { EndpointSeal } from './seal-endpoint.ts';
import { secretsOf } from './store/endpoint-secrets.ts';
import { findEndpoint, saveEndpoint, type StoredEndpoint } from './store/endpoints.ts';

export const noSuchEndpoint = (): Fault => noSuch('endpoint');

/** The endpoint of a write, locked. @throws Fault NOT_FOUND, also for one of another tenant or subject */
export const lockEndpoint = async ({ tx }: Write, acting: Acting, id: string): Promise<StoredEndpoint> => {
  const stored = isIdText(id) ? await findEndpoint(tx, { ...acting, id }, true) : undefined;
  if (stored === undefined) throw noSuchEndpoint();
  return stored;
};

/** Names with the value that stands for every value. */
export const hidden = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.keys(headers).map((name) => [name, hiddenValue]));

/** What a caller reads back as `***` and sends again keeps its value; where there is none to keep, that is a problem. */
export const revealKept = (
  given: Readonly<Record<string, string>>,
  old: Readonly<Record<string, string>>,
): { headers: Record<string, string>; problems: FieldProblem[] } => {
  const kept = new Map(Object.entries(old).map(([name, value]) => [name.toLowerCase(), value]));
  const problems: FieldProblem[] = [];
  const entries = Object.entries(given).map(([name, value]): [string, string] => {
    if (value !== hiddenValue) return [name, value];
    const before = kept.get(name.toLowerCase());
    if (before === undefined) {
      problems.push({ path: `headers.${name}`, message: `${hiddenValue} keeps a value, and there is none yet` });
    }
    return [name, before ?? value];
  });
  return { headers: Object.fromEntries(entries), problems };
};

export interface EndpointEdit {
  changes: Partial<Endpoint>;
  /** All of them, with values. @default those it has */
  headers?: Readonly<Record<string, string>>;
  /** All of them, newest first. @default those it has */
  secrets?: readonly SealedSecret[];
}

export interface EndpointWriteDeps {
  commit: Commit;
  clock: Clock;
  seal: EndpointSeal;
}

/** Writes the next version of a locked endpoint, and announces it. Secrets that are given are stored by the caller. */
export const writeNext = async (
  { tx, announce }: Write,
  { clock, seal }: Pick<EndpointWriteDeps, 'clock' | 'seal'>,
  stored: StoredEndpoint,
  edit: EndpointEdit,
): Promise<Endpoint> => {
  const { tenantId } = stored;
  const endpointId = stored.endpoint.id;
  const version = stored.version + 1;
  const headers = edit.headers ?? seal.openHeaders(stored);
  const next: StoredEndpoint = {
    tenantId,
    version,
    sealedHeaders: seal.headers({ tenantId, endpointId }, version, headers),
    endpoint: {
      ...stored.endpoint,
      ...edit.changes,
      headers: hidden(headers),
      createdAt: stored.endpoint.createdAt,
      updatedAt: new Date(clock.now()),
    },
  };
  await saveEndpoint(tx, next);
  const secrets = edit.secrets ?? (await secretsOf(tx, tenantId, [endpointId])).get(endpointId) ?? [];
  await announce(endpointChange(next, secrets));
  return next.endpoint;
};
