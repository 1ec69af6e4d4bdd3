import { describeLog } from '../conformance/describe-log.ts';
import type { DroppedRecords } from '../dropped-records.ts';
import { simulatedLog } from './simulated-log.ts';

describeLog(
  'simulated',
  async () => {
    const dropped: DroppedRecords[] = [];
    const root = simulatedLog({ onDropped: (each) => void dropped.push(each) });
    return {
      open: async () => root.connect(),
      openAnother: async () => root.connect(),
      openMortal: async () => {
        const log = root.connect();
        return { log, kill: () => log.close() };
      },
      dropped,
      dropBelow: async (position) => root.dropBelow(position),
      upkeep: async () => root.upkeep(),
      dispose: () => root.close(),
    };
  },
  { groups: true },
);
