import { describeLog } from '../conformance/describe-log.ts';
import { simulatedLog } from './simulated-log.ts';

describeLog(
  'simulated',
  async () => {
    const root = simulatedLog();
    return {
      open: async () => root.connect(),
      openAnother: async () => root.connect(),
      openMortal: async () => {
        const log = root.connect();
        return { log, kill: () => log.close() };
      },
      upkeep: async () => root.upkeep(),
      dispose: () => root.close(),
    };
  },
  { groups: true },
);
