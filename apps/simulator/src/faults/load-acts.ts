import type { Acts, FaultPlanDeps } from './acts.ts';
import type { FaultKind } from './fault-counts.ts';

/** What people do meanwhile, and the database of reservations. */
export const loadActs = ({ world, registry, table, person, newEndpoint }: FaultPlanDeps): Acts => {
  const { time, trace } = world;
  const dice = world.dice.fork();
  const onEndpoint =
    (kind: FaultKind, isMeant: (enabled: boolean) => boolean, act: (id: string) => void): (() => void) =>
    () => {
      const meant = registry.endpoints().filter(({ endpoint }) => isMeant(endpoint?.enabled === true));
      if (meant.length === 0) return;
      const id = dice.pick(meant).endpoint?.id ?? '';
      trace.strike(kind, '', id);
      act(id);
    };

  return {
    'endpoint.created': () => {
      trace.strike('endpoint.created');
      newEndpoint();
    },
    'endpoint.disabled': onEndpoint(
      'endpoint.disabled',
      (enabled) => enabled,
      (id) => registry.edit(id, { enabled: false, disabledReason: 'by_user' }),
    ),
    'endpoint.enabled': onEndpoint(
      'endpoint.enabled',
      (enabled) => !enabled,
      (id) => registry.edit(id, { enabled: true, disabledReason: '' }),
    ),
    'endpoint.deleted': onEndpoint(
      'endpoint.deleted',
      () => registry.endpoints().length > 4,
      (id) => registry.endpoints().length > 4 && registry.remove(id),
    ),
    'endpoint.edited': onEndpoint(
      'endpoint.edited',
      () => true,
      (id) => registry.edit(id, { maxConcurrency: dice.whole(1, 6), timeoutMs: dice.whole(800, 4000) }),
    ),
    'secret.rotated': onEndpoint('secret.rotated', () => true, registry.rotateSecret),
    'reservations.fail': () => table.troubleUntil(time.nowMs() + dice.between(300, 4000), 'reservations.fail'),
    'reservations.hang': () => table.troubleUntil(time.nowMs() + dice.between(300, 4000), 'reservations.hang'),
    'delivery.redelivered': person.redeliver,
    'delivery.cancelled': person.cancel,
    'record.undecodable': person.writeUndecodable,
  };
};
