import { DeliveryRecord } from '@bellwire/contracts';
import { topicNames, type NewRecord } from '@bellwire/messaging';
import type { Ledger } from '../ledger/ledger.ts';
import { describeRecords } from '../log/describe-records.ts';
import { isOver, type Line } from '../ledger/lines.ts';
import type { World } from '../world/world.ts';
import type { Registry } from './registry.ts';

/** What people do to deliveries, and what a record may look like that nobody wrote on purpose. */
export interface Person {
  redeliver(): void;
  cancel(): void;
  writeUndecodable(): void;
}

const dayMs = 24 * 60 * 60 * 1000;

export const makePerson = (world: World, ledger: Ledger, registry: Registry): Person => {
  const { time, trace, log } = world;
  const dice = world.dice.fork();

  const write = async (records: readonly NewRecord[]): Promise<void> => {
    const positions = await log.produce(records);
    trace.say('person', () => `writes ${describeRecords(records, positions)}`);
    ledger.appended('person', records, positions);
  };

  const some = (isMeant: (line: Line) => boolean): Line | undefined => {
    const meant = [...ledger.deliveries.all()].filter((line) => isMeant(line) && registry.find(line.endpointId));
    return meant.length === 0 ? undefined : dice.pick(meant);
  };

  const asDelivery = (record: DeliveryRecord): NewRecord => ({
    topic: topicNames.deliveries,
    key: record.endpointId,
    value: DeliveryRecord.encode(record).finish(),
  });

  return {
    redeliver() {
      // One that waits is superseded: its waiting retry is of an older round.
      const line = some((each) => isOver(each) || dice.chance(0.1));
      if (line === undefined) return;
      if (!isOver(line)) line.isDisturbed = true;
      const attempt = Math.max(line.lastAttempt, line.newestAttempt - 1) + 1;
      trace.strike('delivery.redelivered', '', line.id);
      const record = DeliveryRecord.fromPartial({
        ...line.record,
        round: line.newestRound + 1,
        attempt,
        roundFirstAttempt: attempt,
        roundStartedAtMs: time.nowMs(),
        deadlineAtMs: time.nowMs() + dayMs,
        dueAtMs: 0,
        holdMs: 0,
        enqueuedAtMs: 0,
        waitReason: '',
        spills: 0,
        slotAtMs: 0,
      });
      void write([asDelivery(record)]);
    },
    cancel() {
      const line = some((each) => !isOver(each));
      if (line === undefined) return;
      trace.strike('delivery.cancelled', '', line.id);
      const order = DeliveryRecord.fromPartial({
        ...line.record,
        body: Buffer.alloc(0),
        round: line.newestRound,
        attempt: line.lastAttempt + 1,
        deadlineAtMs: time.nowMs() + 2 * dayMs,
        cancel: true,
      });
      void write([asDelivery(order)]);
    },
    writeUndecodable() {
      const topic = dice.pick([topicNames.events, topicNames.deliveries, topicNames.retries('1s')]);
      trace.strike('record.undecodable', '', topic);
      void write([{ topic, key: `k${dice.whole(0, 99)}`, value: Buffer.from([0xff, 0xff, 0xff, 0xff, 0x01]) }]);
    },
  };
};
