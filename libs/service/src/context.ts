import type { Settings } from '@bellwire/config';
import { openExpiryClock, type Clock, type ClockStep, type Principal, type Random } from '@bellwire/domain';
import type { Logger, Scope } from '@bellwire/lifecycle';
import type { Log, LogRecord } from '@bellwire/messaging';
import { makeAuthenticate, openRegistryView, type RegistryView } from '@bellwire/registry-view';
import type { RpcChannel } from '@bellwire/rpc';
import { channelsTo } from './channels.ts';
import type { ServiceName } from './service-name.ts';

/** What a service is made of, beside its own parts. */
export interface ServiceContext {
  /** Closes everything that the process has opened, newest first. */
  scope: Scope;
  /** Of this service. */
  log: Logger;
  clock: Clock;
  /** By it things are over for good: deadlines, retention, reservations. */
  expiryClock: Clock;
  random: Random;
  settings: Settings;
  adminKey: string;
  /** Encrypts secrets at rest. */
  masterKey: string;
  /** Postgres of the services' tables. */
  databaseUrl: string;
  eventLog: Log;
  view: RegistryView;
  /** @throws Fault UNKNOWN_KEY */
  authenticate(bearer: string): Promise<Principal>;
  /** A channel to another service; one for each in a process. */
  channelTo(service: ServiceName): RpcChannel;
  /** A bug: ends the process. */
  onFailure(error: unknown): void;
}

export interface ContextParts {
  scope: Scope;
  log: Logger;
  settings: Settings;
  adminKey: string;
  masterKey: string;
  databaseUrl: string;
  /** Has its topics. */
  eventLog: Log;
  /** host:port of a service; asked when the first call to it is made. */
  addressOf(service: ServiceName): string;
  onFailure(error: unknown): void;
}

/** A step of the clock is noticed within so long. */
const lookEveryMs = 60_000;

const openClocks = ({ scope, log }: ContextParts): Pick<ServiceContext, 'clock' | 'expiryClock'> => {
  const clock = { now: () => Date.now() };
  const onStep = ({ stepMs }: ClockStep) => log.error({ step_ms: stepMs }, 'clock.stepped');
  const expiryClock = openExpiryClock({ clock, stopwatch: performance, onStep });
  const looking = setInterval(expiryClock.now, lookEveryMs);
  scope.own('clock watch', { close: () => clearInterval(looking) });
  return { clock, expiryClock };
};

/** Opens the view of registry and what is shared, once for a process. */
export const openContext = async (parts: ContextParts): Promise<ServiceContext> => {
  const { scope, log, eventLog, adminKey, addressOf } = parts;
  const onViewFailure = (error: unknown, record?: LogRecord): void => {
    if (record === undefined) log.warn({ err: error }, 'registry_view.retried');
    else log.error({ key: record.key, offset: record.offset, err: error }, 'registry_view.change_unreadable');
  };
  const view = scope.own('registry view', await openRegistryView({ log: eventLog, onFailure: onViewFailure }));
  return {
    ...parts,
    ...openClocks(parts),
    random: () => Math.random(),
    view,
    authenticate: makeAuthenticate({ view, adminKey }),
    channelTo: channelsTo(scope, addressOf),
  };
};

/** The same context for another service of the process, with a log of its own. */
export const contextFor = (context: ServiceContext, service: string): ServiceContext => ({
  ...context,
  log: context.log.child({ service }),
});
