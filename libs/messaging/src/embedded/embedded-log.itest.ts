import { describeLog } from '../conformance/describe-log.ts';
import type { DroppedRecords } from '../dropped-records.ts';
import { openEmbeddedLog, type EmbeddedLog } from './embedded-log.ts';
import { makeDatabase } from './test-database.ts';

describeLog(
  'embedded',
  async () => {
    const database = await makeDatabase();
    const dropped: DroppedRecords[] = [];
    const onDropped = (each: DroppedRecords): void => void dropped.push(each);
    let log: EmbeddedLog | undefined;
    return {
      open: async () => (log = await openEmbeddedLog({ connectionString: database.url, onDropped })),
      dropped,
      dropBelow: async ({ topic, partition, offset }) =>
        void (await database.query(
          `DELETE FROM log_record WHERE topic = '${topic}' AND part = ${partition} AND off < ${offset}`,
        )),
      upkeep: async () => log?.upkeep(),
      dispose: () => database.drop(),
    };
  },
  { groups: false },
);
