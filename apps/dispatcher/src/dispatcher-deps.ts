import type { EndpointState } from '@bellwire/contracts';
import type { Clock, Principal, Random, Stopwatch, Tier } from '@bellwire/domain';
import type { Logger, Scope } from '@bellwire/lifecycle';
import type { Log, NewRecord, WorkerOptions } from '@bellwire/messaging';
import type { RegistryView } from '@bellwire/registry-view';
import type { Keyring } from '@bellwire/secrets';
import type { Dropped } from './attempts/in-hand.ts';
import type { CompileEndpoint } from './endpoints/compiled-endpoint.ts';
import type { Insist } from './writing/insist.ts';
import type { Append, DisableEndpoint, History, Send } from './ports.ts';

/** What the workers are given. */
export interface PipelineDeps {
  scope: Scope;
  log: Logger;
  clock: Clock;
  /** By it deadlines pass, marks are over and endpoints fail for long. @default clock */
  expiryClock?: Clock;
  /** @default performance */
  stopwatch?: Stopwatch;
  random: Random;
  eventLog: Log;
  view: RegistryView;
  keyring: Keyring;
  send: Send;
  disableEndpoint: DisableEndpoint;
  roles: readonly ('router' | 'deliverer' | 'delayer')[];
  tiers: readonly Tier[];
  /** Requests in flight to one endpoint that sets no limit. */
  maxConcurrency: number;
  /** Requests in flight of this process. */
  maxInFlight: number;
  /** Longest life of a round, in milliseconds. */
  maxDeadlineMs: number;
  /** An endpoint is disabled when its attempts have failed for so long, in milliseconds; 0: never. */
  disableAfterMs: number;
  /** A worker that fails ends the process. */
  onFailure(error: unknown): void;
}

/** What a dispatcher is given by its composition root. */
export interface DispatcherDeps extends PipelineDeps {
  history: History;
  authenticate(bearer: string): Promise<Principal>;
  host: string;
  port: number;
}

/** How a worker deals with a record that it cannot get past. */
export type WorkerCare = Pick<WorkerOptions<unknown>, 'endsInOrder' | 'onPutAside' | 'withLetter' | 'times'>;

/** What router, deliverer and delayer share. */
export interface DispatcherParts {
  append: Append;
  /** One try to write: rejects where the log did not take all of it. */
  produce(records: readonly NewRecord[]): Promise<void>;
  /** For deliveries that wait in a tier: however many they are, what is appended meanwhile does not wait for them. */
  appendPutOff: Append;
  insist: Insist;
  compileEndpoint: CompileEndpoint;
  care: WorkerCare;
  /** Told of an endpoint that this version, or this master key, cannot read. */
  onUnreadable(state: EndpointState, error: unknown): void;
  /** Something failed and is tried again. */
  onRetry(error: unknown): void;
  /** A record was dropped that does nothing any more. */
  onDropped(reason: Dropped): void;
}
