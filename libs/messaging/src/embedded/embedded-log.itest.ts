import { describeLog } from '../conformance/describe-log.ts';
import { openEmbeddedLog, type EmbeddedLog } from './embedded-log.ts';
import { makeDatabase } from './test-database.ts';

describeLog(
  'embedded',
  async () => {
    const database = await makeDatabase();
    let log: EmbeddedLog | undefined;
    return {
      open: async () => (log = await openEmbeddedLog({ connectionString: database.url })),
      upkeep: async () => log?.upkeep(),
      dispose: () => database.drop(),
    };
  },
  { groups: false },
);
