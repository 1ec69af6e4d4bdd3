// The whole suite in one process on embedded storage: npm start.
import { readSettings, type Settings } from '@bellwire/config';
import { openLogger, runProcess } from '@bellwire/lifecycle';
import { bannerOf } from './banner.ts';
import { startSuite } from './start-suite.ts';

/** Where nobody says what receivers may be, this machine may: it is where somebody tries the suite out. */
const withLoopback = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  BELLWIRE_EGRESS_ALLOW_CIDRS: '127.0.0.0/8,::1/128',
  BELLWIRE_EGRESS_ALLOW_HTTP: 'true',
  ...environment,
});

const fail = (error: unknown): never => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
};

const settingsOrExit = (environment: NodeJS.ProcessEnv): Settings => {
  try {
    return readSettings(environment);
  } catch (error) {
    return fail(error);
  }
};

const given = process.env;
const opensLoopback = given['BELLWIRE_EGRESS_ALLOW_CIDRS'] === undefined && given['BELLWIRE_EGRESS_ALLOW_HTTP'] === undefined;
const settings = settingsOrExit(opensLoopback ? withLoopback(given) : given);
const log = openLogger({ level: settings.BELLWIRE_LOG_LEVEL });

await runProcess({
  log,
  start: async (scope, onFailure) => {
    const suite = await startSuite({ scope, log, settings, onFailure });
    const { BELLWIRE_HOST: host, BELLWIRE_DATA_DIR: dataDir } = settings;
    process.stdout.write(bannerOf({ suite, host, dataDir, opensLoopback }));
  },
  onStopping: () => process.stdout.write('\nStopping: finishing what is under way.\n'),
});
