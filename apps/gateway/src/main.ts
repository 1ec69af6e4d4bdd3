// The gateway as a process of its own: it speaks to the services over gRPC only.
import { openLogger, runProcess } from '@bellwire/lifecycle';
import { addressesFrom, channelsTo, settingsOrExit } from '@bellwire/service';
import { composeGateway } from './compose.ts';

const settings = settingsOrExit();
const log = openLogger({ level: settings.BELLWIRE_LOG_LEVEL }).child({ service: 'gateway' });

await runProcess({
  log,
  start: async (scope, onFailure) => {
    const channelTo = channelsTo(scope, addressesFrom(settings));
    const clock = { now: () => Date.now() };
    const isReady = async () => {
      const isServing = await channelTo('ingestion').isServing();
      return {
        ready: isServing,
        reasons: isServing ? [] : ['Ingestion cannot accept events: it is away, or the log takes no writes.'],
      };
    };
    const { port } = await composeGateway({ scope, log, clock, settings, channelTo, onFailure }, isReady);
    process.stdout.write(`gateway is ready on ${settings.BELLWIRE_HOST}:${port}\n`);
  },
});
