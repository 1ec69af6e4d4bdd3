import { DeliveryRecord, EventRecord } from '@bellwire/contracts';
import { groupNames, startWorker, topicNames, type NewRecord, type SimulatedLog, type Task } from '@bellwire/messaging';
import { deliveryIn, identityIn, type Story } from './builders.ts';

/** A step of a delivery, in deliveries or in a tier. */
export const theDelivery = (
  story: Story,
  given: Partial<DeliveryRecord> & { tier?: string } = {},
  nth = 0,
): NewRecord => {
  const { tier, ...fields } = given;
  const delivery = { ...identityIn(story, nth), round: 1, attempt: 1, body: Buffer.from('{}'), ...fields };
  return {
    topic: tier === undefined ? topicNames.deliveries : topicNames.retries(tier),
    key: deliveryIn(story, nth),
    value: DeliveryRecord.encode(DeliveryRecord.fromPartial(delivery)).finish(),
  };
};

/**
 * Stands for the dispatcher, which does nothing: router and deliverer settle every record but those of what is kept in hand,
 * the delayer none.
 */
export const workOff = async (eventLog: SimulatedLog) => {
  const kept = new Set<string>();
  const waiting: Task<string>[] = [];
  const handle = (tasks: readonly Task<string>[]): void => {
    for (const task of tasks) {
      if (kept.has(task.value)) waiting.push(task);
      else task.settle();
    }
  };
  const onFailure = (error: unknown): void => {
    throw error;
  };
  const common = { log: eventLog, handle, onFailure };
  const router = await startWorker({
    ...common,
    topics: [topicNames.events],
    group: groupNames.router,
    decode: (bytes) => EventRecord.decode(bytes).eventId,
  });
  const deliverer = await startWorker({
    ...common,
    topics: [topicNames.deliveries],
    group: groupNames.deliverer,
    decode: (bytes) => DeliveryRecord.decode(bytes).deliveryId,
  });
  return {
    keep: (id: string) => void kept.add(id),
    /** What was kept is settled, without anything that follows. */
    dropKept: (): void => {
      kept.clear();
      for (const task of waiting.splice(0)) task.settle();
    },
    /** Records that are kept in hand. */
    inHand: () => waiting.length,
    close: async () => {
      await router.close();
      await deliverer.close();
    },
  };
};
