// Every service as a process of its own on a real Kafka and a real Postgres: npm run cluster.
import { parseArgs } from 'node:util';
import { openLogger, runProcess } from '@bellwire/lifecycle';
import { settingsOrExit } from '@bellwire/service';
import { bannerOf } from './banner.ts';
import { opensLoopback, withLoopback } from './development.ts';
import { startCluster } from './start-cluster.ts';

const help = `npm run cluster -- [--kafka host:port,...] [--postgres postgres://...]

Runs registry, audit, two dispatchers, ingestion and the gateway as processes of their own. Without addresses it takes
BELLWIRE_KAFKA_BROKERS and BELLWIRE_DATABASE_URL, or Docker, or starts Kafka and Postgres from local programs, with their
data under BELLWIRE_DATA_DIR/cluster. A process that ends by itself is started again after 5 seconds. Ctrl-C stops all.
`;

const { values } = parseArgs({
  options: { kafka: { type: 'string' }, postgres: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
});
if (values.help === true) {
  process.stdout.write(help);
  process.exit(0);
}

const given: NodeJS.ProcessEnv = { ...process.env };
if (values.kafka !== undefined) given['BELLWIRE_KAFKA_BROKERS'] = values.kafka;
if (values.postgres !== undefined) given['BELLWIRE_DATABASE_URL'] = values.postgres;
const settings = settingsOrExit(withLoopback(given));
const print = (line: string): void => void process.stdout.write(`${line}\n`);

await runProcess({
  log: openLogger({ level: settings.BELLWIRE_LOG_LEVEL }).child({ service: 'cluster' }),
  closeTimeoutMs: 60_000,
  start: async (scope) => {
    const suite = await startCluster({ scope, settings, print });
    const { BELLWIRE_HOST: host, BELLWIRE_DATA_DIR: dataDir } = settings;
    print(bannerOf({ suite, host, dataDir, opensLoopback: opensLoopback(given) }));
  },
  onStopping: () => print('\nStopping: finishing what is under way.'),
});
