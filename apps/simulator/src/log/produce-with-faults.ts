import { topicNames, type NewRecord, type Position, type SimulatedLog } from '@bellwire/messaging';
import type { Ledger } from '../ledger/ledger.ts';
import type { ProcessGate } from '../world/process-gate.ts';
import type { Dice } from '../world/random.ts';
import type { Trace } from '../world/trace.ts';
import type { VirtualTime } from '../world/virtual-time.ts';
import type { LogFaults } from './log-faults.ts';
import { describeRecords } from './describe-records.ts';
import { unavailable, type Wire } from './wire.ts';

export interface ProduceDeps {
  time: VirtualTime;
  dice: Dice;
  trace: Trace;
  gate: ProcessGate;
  inner: Pick<SimulatedLog, 'produce'>;
  ledger: Ledger;
  faults: LogFaults;
  wire: Wire;
}

const isRetry = ({ topic }: NewRecord): boolean => topic.startsWith(topicNames.retries(''));

/** Writes as a process does: slowly, in part, twice, or without hearing of it. */
export const makeProduce = ({ time, dice, trace, gate, inner, ledger, faults, wire }: ProduceDeps) => {
  const isTopicAway = (topic: string): boolean => (faults.topicsAway.get(topic) ?? 0) > time.nowMs();

  const write = async (records: readonly NewRecord[]): Promise<readonly Position[]> => {
    if (records.length === 0) return [];
    const positions = await inner.produce(records);
    trace.say(gate.name, () => `writes ${describeRecords(records, positions)}`);
    ledger.appended(gate.name, records, positions);
    return positions;
  };

  /** Some partitions take their part, others do not. */
  const writeInPart = async (records: readonly NewRecord[], isTaken: (topic: string) => boolean): Promise<never> => {
    const topics = new Set(records.map(({ topic }) => topic));
    const taken = new Set([...topics].filter(isTaken));
    const some = records.filter(({ topic }) => taken.has(topic));
    ledger.disturbRecords(some);
    await write(some);
    throw unavailable();
  };

  const writeTwice = async (records: readonly NewRecord[]): Promise<readonly Position[]> => {
    ledger.disturbRecords(records);
    const positions = await write(records);
    await write(records);
    return positions;
  };

  return (records: readonly NewRecord[]): Promise<readonly Position[]> => {
    if (wire.isAway()) return wire.refuse();
    if (wire.strikes('produce.fails')) return wire.refuse();
    const isFlush = records.every(({ topic }) => topic === topicNames.endpointState);
    if (isFlush && wire.strikes('state_flush.fails')) return wire.refuse();
    const thereMs = wire.strikes('produce.slow') ? dice.between(50, 3000) : dice.between(0, 3);
    if (records.some(({ topic }) => isTopicAway(topic)))
      return wire.call(() => writeInPart(records, (topic) => !isTopicAway(topic)), { thereMs });
    if (wire.strikes('produce.partly_written'))
      return wire.call(() => writeInPart(records, () => dice.chance(0.5)), { thereMs });
    if (wire.strikes('produce.written_twice')) return wire.call(() => writeTwice(records), { thereMs });
    if (records.some(isRetry) && wire.strikes('retry.written_twice'))
      return wire.call(() => writeTwice(records), { thereMs });
    if (wire.strikes('produce.ack_lost')) return wire.call(() => writeInPart(records, () => true), { thereMs });
    const backMs = wire.strikes('produce.ack_late') ? dice.between(50, 5000) : dice.between(0, 2);
    return wire.call(() => write(records), { thereMs, backMs });
  };
};
