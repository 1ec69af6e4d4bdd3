import { openSender } from '@bellwire/egress';
import { openKeyring } from '@bellwire/secrets';
import type { ServiceContext } from '@bellwire/service';
import { disablingThrough, historyOf } from './peers.ts';
import { startDispatcher } from './start-dispatcher.ts';

const hourMs = 60 * 60 * 1000;

/** Dispatcher, from the context of its process. */
export const composeDispatcher = (context: ServiceContext): Promise<{ port: number }> => {
  const { scope, log, settings, adminKey, masterKey, channelTo } = context;
  const sender = openSender({
    policy: { allowHttp: settings.BELLWIRE_EGRESS_ALLOW_HTTP, allowCidrs: settings.BELLWIRE_EGRESS_ALLOW_CIDRS },
    // Endpoints of one origin share its connections: with fewer, a slow one would keep the others waiting.
    connectionsPerOrigin: settings.BELLWIRE_MAX_IN_FLIGHT,
  });
  scope.own('sender', sender);
  return startDispatcher({
    ...context,
    keyring: openKeyring({ masterKey }),
    send: sender.send,
    history: historyOf(() => channelTo('audit'), adminKey),
    disableEndpoint: disablingThrough(() => channelTo('registry'), adminKey, log),
    host: settings.BELLWIRE_HOST,
    port: settings.BELLWIRE_DISPATCHER_PORT,
    roles: settings.BELLWIRE_DISPATCHER_ROLES,
    tiers: settings.BELLWIRE_RETRY_TIERS,
    maxConcurrency: settings.BELLWIRE_MAX_CONCURRENCY,
    maxInFlight: settings.BELLWIRE_MAX_IN_FLIGHT,
    maxDeadlineMs: settings.BELLWIRE_DELIVERY_DEADLINE_HOURS * hourMs,
    disableAfterMs: settings.BELLWIRE_DISABLE_AFTER_HOURS * hourMs,
  });
};
