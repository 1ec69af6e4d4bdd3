import type { PublishRequest } from '@bellwire/contracts';
import { Fault } from '@bellwire/errors';
import type { Accepted } from '@bellwire/ingestion';
import type { Ledger } from '../ledger/ledger.ts';
import type { Fleet } from '../processes/fleet.ts';
import { maxPayloadBytes, type IngestionProcess } from '../processes/ingestion-process.ts';
import type { World } from '../world/world.ts';

export interface Publishers {
  /** Publishes so many events of a tenant by one call, and tries again what has a key. */
  publish(tenantId: string, events: number): void;
  /** Calls that have neither an answer nor been given up. */
  underWay(): number;
  accepted(): number;
}

export interface PublishersOptions {
  world: World;
  ledger: Ledger;
  ingestion: Fleet<IngestionProcess>;
  /** Shares of the events, in [0, 1]. */
  keyed: number;
  repeated: number;
  tooLarge: number;
}

const answerMs = 5000;
const tries = 6;

/** What a publisher sends in one call, again where it does not hear that it is accepted. */
interface Call {
  tenantId: string;
  events: readonly PublishRequest[];
  startedAtMs: number;
}

export const openPublishers = (options: PublishersOptions): Publishers => {
  const { world, ledger, ingestion, keyed, repeated, tooLarge } = options;
  const { time, trace } = world;
  const dice = world.dice.fork();
  let made = 0;
  let underWay = 0;
  let accepted = 0;

  const newEvent = (): PublishRequest => {
    const nth = ++made;
    const isTooLarge = dice.chance(tooLarge);
    if (isTooLarge) trace.strike('event.too_large');
    const data = isTooLarge ? JSON.stringify('x'.repeat(maxPayloadBytes)) : `{"nth":${nth}}`;
    const event = { type: 'order.paid', data, actionUrls: {} };
    return dice.chance(keyed) ? { ...event, idempotencyKey: `key-${nth}` } : event;
  };

  /** The answers, or undefined where nobody knows whether the events are accepted. */
  const ask = (process: IngestionProcess, { tenantId, events }: Call): Promise<readonly Accepted[] | undefined> =>
    new Promise((resolve) => {
      const keys = events.flatMap(({ idempotencyKey }) => idempotencyKey ?? []);
      for (const key of keys) ledger.keys.asked(tenantId, key);
      const onAnswers = (answers: readonly Accepted[]): void => {
        for (const key of keys) ledger.keys.answered(tenantId, key);
        resolve(answers);
      };
      time.after(answerMs, () => resolve(undefined));
      process.publish(tenantId, events).then(onAnswers, () => resolve(undefined));
    });

  const note = (call: Call, answers: readonly Accepted[]): void => {
    for (const answer of answers) {
      if (answer instanceof Fault) continue;
      accepted++;
      ledger.events.acknowledged(answer.eventId, call.startedAtMs);
    }
  };

  const send = async (call: Call): Promise<void> => {
    for (let nth = 0; nth < tries; nth++) {
      const serving = ingestion.living().filter((process) => process.isServing());
      const answers = serving.length === 0 ? undefined : await ask(dice.pick(serving), call);
      if (answers !== undefined) return note(call, answers);
      await new Promise<void>((resolve) => time.after(dice.between(50, 1500), resolve));
      // One without a key may be accepted: sent again it would be another.
      const withKey = call.events.filter(({ idempotencyKey }) => idempotencyKey !== undefined);
      if (withKey.length === 0) return;
      call = { ...call, events: withKey };
    }
  };

  const begin = (call: Call): void => {
    underWay++;
    trace.say('', () => `publishes ${call.events.length} of ${call.tenantId}`);
    void send(call).finally(() => underWay--);
  };

  const repeatLater = (tenantId: string, event: PublishRequest): void => {
    underWay++;
    time.after(dice.between(10, 9000), () => {
      underWay--;
      trace.strike('key.repeated', '', event.idempotencyKey);
      begin({ tenantId, events: [event], startedAtMs: time.nowMs() });
    });
  };

  return {
    publish(tenantId, count) {
      const events = Array.from({ length: count }, newEvent);
      begin({ tenantId, events, startedAtMs: time.nowMs() });
      for (const event of events)
        if (event.idempotencyKey !== undefined && dice.chance(repeated)) repeatLater(tenantId, event);
    },
    underWay: () => underWay,
    accepted: () => accepted,
  };
};
