import { parseArgs } from 'node:util';

export const clusterUsage = `npm run cluster -- [--kafka host:port,...] [--postgres postgres://...]

Runs registry, audit, two dispatchers, ingestion and the gateway as processes of their own. Without addresses it takes
BELLWIRE_KAFKA_BROKERS and BELLWIRE_DATABASE_URL, or Docker, or starts Kafka and Postgres from local programs, with their
data under BELLWIRE_DATA_DIR/cluster. What ends by itself, of the services and of these programs, is started again after
5 seconds. Ctrl-C stops all.
`;

export type ClusterArguments =
  | { kind: 'run'; kafka: string | undefined; postgres: string | undefined }
  | { kind: 'help' }
  /** A sentence with what is wrong. */
  | { kind: 'wrong'; problem: string };

/** What somebody asks of the cluster on the command line. */
export const clusterArguments = (args: readonly string[]): ClusterArguments => {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { kafka: { type: 'string' }, postgres: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help === true) return { kind: 'help' };
    const { kafka, postgres } = values;
    if (kafka === '') return { kind: 'wrong', problem: '--kafka has no address.' };
    if (postgres === '') return { kind: 'wrong', problem: '--postgres has no address.' };
    return { kind: 'run', kafka, postgres };
  } catch (error) {
    return { kind: 'wrong', problem: error instanceof Error ? error.message : String(error) };
  }
};
