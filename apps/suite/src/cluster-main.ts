// Every service as a process of its own on a real Kafka and a real Postgres: npm run cluster.
import { openLogger, runProcess } from '@bellwire/lifecycle';
import { settingsOrExit } from '@bellwire/service';
import { bannerOf } from './banner.ts';
import { clusterArguments, clusterUsage } from './cluster-arguments.ts';
import { opensLoopback, withLoopback } from './development.ts';
import { startCluster } from './start-cluster.ts';

const asked = clusterArguments(process.argv.slice(2));
if (asked.kind === 'help') {
  process.stdout.write(clusterUsage);
  process.exit(0);
}
if (asked.kind === 'wrong') {
  process.stderr.write(`${asked.problem}\n\n${clusterUsage}`);
  process.exit(2);
}

const given: NodeJS.ProcessEnv = { ...process.env };
if (asked.kafka !== undefined) given['BELLWIRE_KAFKA_BROKERS'] = asked.kafka;
if (asked.postgres !== undefined) given['BELLWIRE_DATABASE_URL'] = asked.postgres;
const settings = settingsOrExit(withLoopback(given));
const print = (line: string): void => void process.stdout.write(`${line}\n`);

await runProcess({
  log: openLogger({ level: settings.BELLWIRE_LOG_LEVEL }).child({ service: 'cluster' }),
  closeTimeoutMs: 75_000,
  start: async (scope) => {
    const suite = await startCluster({ scope, settings, print });
    const { BELLWIRE_HOST: host, BELLWIRE_DATA_DIR: dataDir } = settings;
    print(bannerOf({ suite, host, dataDir, opensLoopback: opensLoopback(given) }));
  },
  onStopping: () => print('\nStopping: finishing what is under way.'),
});
