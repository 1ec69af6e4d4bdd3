import type { Settings } from '@bellwire/config';
import { toFault } from '@bellwire/errors';
import { openLogger, openScope } from '@bellwire/lifecycle';
import { openKafka } from '@bellwire/service';

/**
 * Whether a Kafka that was given can be reached and has, or takes, our topics; within some seconds.
 *
 * @throws {Error} a sentence, instead of the same one from each service over and over.
 */
export const checkKafka = async (settings: Settings): Promise<void> => {
  const log = openLogger({ level: 'silent' });
  const scope = openScope({ log });
  const isAway = (error: unknown): boolean => {
    if (toFault(error).reason === 'LOG_UNAVAILABLE') return true;
    throw error;
  };
  try {
    const cannotBeReached = await openKafka(scope, log, settings, 'cluster').then(() => false, isAway);
    if (!cannotBeReached) return;
  } finally {
    await scope.close();
  }
  const addresses = settings.BELLWIRE_KAFKA_BROKERS.join(', ');
  throw new Error(
    `No Kafka can be reached at ${addresses}. Start it, or name another with --kafka or BELLWIRE_KAFKA_BROKERS.`,
  );
};
