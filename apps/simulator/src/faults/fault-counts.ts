/** Kinds of fault, as they are counted. */
export const faultKinds = [
  'produce.fails',
  'produce.ack_lost',
  'produce.ack_late',
  'produce.slow',
  'produce.partly_written',
  'produce.written_twice',
  'commit.fails',
  'commit.ack_late',
  'commit.ack_lost',
  'commit.arrives_late',
  'hand_over.fails',
  'hand_over.arrives_late',
  'fetch.slow',
  'ask.fails',
  'log.away',
  'log.away_for_one',
  'topic.away',
  'log.compacted',
  'dispatcher.killed',
  'dispatcher.stopped',
  'dispatcher.joins',
  'dispatcher.paused_shortly',
  'dispatcher.paused_beyond_session',
  'ingestion.killed',
  'ingestion.stopped',
  'partitions.given_back',
  'clock.set_back',
  'clock.set_forward',
  'state_flush.fails',
  'view.lags',
  'endpoint.created',
  'endpoint.disabled',
  'endpoint.enabled',
  'endpoint.deleted',
  'endpoint.edited',
  'secret.rotated',
  'receiver.resets',
  'receiver.hangs',
  'receiver.slow_start',
  'receiver.fails',
  'receiver.too_many_requests',
  'receiver.unavailable',
  'receiver.gone',
  'receiver.flaps',
  'reservations.fail',
  'reservations.hang',
  'retry.written_twice',
  'key.repeated',
  'event.too_large',
  'record.undecodable',
  'delivery.redelivered',
  'delivery.cancelled',
] as const;

export type FaultKind = (typeof faultKinds)[number];

export const faultNamed = (name: string): FaultKind => {
  const kind = faultKinds.find((known) => known === name);
  if (kind === undefined) throw new Error(`there is no fault ${name}`);
  return kind;
};

export type FaultCounts = Partial<Record<FaultKind, number>>;

export const addCounts = (sum: FaultCounts, more: FaultCounts): void => {
  for (const kind of faultKinds) {
    const count = more[kind];
    if (count !== undefined) sum[kind] = (sum[kind] ?? 0) + count;
  }
};
