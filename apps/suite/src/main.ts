// The whole suite in one process on embedded storage: npm start.
import { parseArgs } from 'node:util';
import { openLogger, runProcess } from '@bellwire/lifecycle';
import { settingsOrExit } from '@bellwire/service';
import { bannerOf } from './banner.ts';
import { opensLoopback, withLoopback } from './development.ts';
import { startSuite } from './start-suite.ts';

const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } });
if (values.help === true) {
  process.stdout.write('npm start: the whole suite in one process. Settings are variables: docs/configuration.md.\n');
  process.exit(0);
}

const settings = settingsOrExit(withLoopback(process.env));
const log = openLogger({ level: settings.BELLWIRE_LOG_LEVEL });

await runProcess({
  log: log.child({ service: 'suite' }),
  start: async (scope, onFailure) => {
    const suite = await startSuite({ scope, log, settings, onFailure });
    const { BELLWIRE_HOST: host, BELLWIRE_DATA_DIR: dataDir } = settings;
    process.stdout.write(bannerOf({ suite, host, dataDir, opensLoopback: opensLoopback(process.env) }));
  },
  onStopping: () => process.stdout.write('\nStopping: finishing what is under way. Ctrl-C again ends it at once.\n'),
});
