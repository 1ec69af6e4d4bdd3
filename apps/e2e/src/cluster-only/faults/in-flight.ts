import { DeliveryRecord } from '@bellwire/contracts';
import { groupNames, openKafkaLog, readUnsettled, topicNames } from '@bellwire/messaging';
import { pairOf } from '../../ledger/receipts.ts';
import type { Run } from '../../ledger/run.ts';
import type { Target } from '../../target/start-target.ts';

const limitMs = 30_000;

/**
 * How many deliveries had come to their receivers and were not settled for the group at this moment: what whoever takes over
 * now cannot know of, and repeats.
 */
export const countInFlight = async (cluster: Target, { endpoints, receipts }: Run): Promise<number> => {
  const arrived = new Set(receipts.all.map(({ endpoint, eventId }) => pairOf(endpoint, eventId)));
  const numbers = new Map(endpoints.map(({ id }, number) => [id, number]));
  const brokers = (cluster.env['BELLWIRE_KAFKA_BROKERS'] ?? '').split(',');
  const prefix = cluster.env['BELLWIRE_TOPIC_PREFIX'] ?? '';
  const log = await openKafkaLog({ brokers, clientId: 'in-flight', prefix, onError: () => undefined });
  const found = new Set<string>();
  try {
    await readUnsettled({
      log,
      topicsOf: { [groupNames.deliverer]: [topicNames.deliveries] },
      take: ({ value }) => {
        if (value === null) return;
        const { endpointId, eventId } = DeliveryRecord.decode(value);
        const pair = pairOf(numbers.get(endpointId) ?? -1, eventId);
        if (arrived.has(pair)) found.add(pair);
      },
      signal: AbortSignal.timeout(limitMs),
    });
  } finally {
    await log.close();
  }
  return found.size;
};
