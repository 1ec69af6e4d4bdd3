import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { simulatedLog, topicNames, topicSpecs, type SimulatedLog } from '@bellwire/messaging';
import { openRegistryView, type RegistryView } from './index.ts';

let log: SimulatedLog;
let view: RegistryView;
let failures: string[];

beforeEach(async () => {
  log = simulatedLog();
  failures = [];
  await log.topics(topicSpecs({ partitions: 1, tiers: [] }));
  await log.produce(
    [1, 2, 3].map((nth) => ({ topic: topicNames.registryChanges, key: `endpoint/ep_${nth}`, value: null })),
  );
  view = await openRegistryView({ log, onFailure: (error) => void failures.push(String(error)), timeoutMs: 50 });
});
afterEach(async () => {
  await view.close();
  await log.close();
});

test('a position beyond the end of a topic that was made anew is told, once, and waited for no longer', async () => {
  await Promise.all([view.reached(1000), view.reached(2000)]);
  await view.reached(1000);
  expect(failures).toEqual([
    'Error: Partition 0 of "registry-changes" ends at 3, and 1000 was to be read next: the topic was made anew, or has lost records. Going on from 3.',
  ]);
  await log.produce([{ topic: topicNames.registryChanges, key: 'endpoint/ep_4', value: null }]);
  await view.catchUp();
  await view.reached(1000);
  expect(failures).toHaveLength(2);
});

test('a position that the log has and the view has not is not given up', async () => {
  let isHeld = false;
  const read: SimulatedLog['read'] = (options) =>
    log.read({ ...options, records: (batch) => void (isHeld || options.records(batch)) });
  const lagging = await openRegistryView({
    log: { ...log, read },
    onFailure: (error) => void failures.push(String(error)),
    timeoutMs: 50,
  });
  isHeld = true;
  await log.produce([{ topic: topicNames.registryChanges, key: 'endpoint/ep_4', value: null }]);
  await expect(lagging.reached(4)).rejects.toMatchObject({ reason: 'LOG_UNAVAILABLE' });
  // Beyond the end too, as long as the view may still hear of a change.
  await expect(lagging.reached(1000)).rejects.toMatchObject({ reason: 'LOG_UNAVAILABLE' });
  expect(failures).toEqual([]);
  await lagging.close();
});
