import { describe, expect, test } from '@jest/globals';
import { maxMessageBytes, settingProblems, topicSettings } from './topic-check.ts';

const dayMs = 24 * 60 * 60 * 1000;
const kept = { name: 'events', partitions: 8, retentionMs: 7 * dayMs, cleanup: 'delete' } as const;
const compacted = { name: 'registry-changes', partitions: 1, retentionMs: dayMs, cleanup: 'compact' } as const;

describe('the settings of a topic', () => {
  test('are right as we make them', () => {
    for (const spec of [kept, compacted]) expect(settingProblems(spec, topicSettings(spec, 3))).toEqual([]);
    expect(topicSettings(kept, 3)['min.insync.replicas']).toBe('2');
    expect(topicSettings(compacted, 1)).toMatchObject({ 'max.compaction.lag.ms': String(dayMs) });
  });

  test('may keep longer and take more than is asked for', () => {
    const generous = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'max.message.bytes': '10000000' };
    expect(settingProblems(kept, generous)).toEqual([]);
  });

  test('that break a promise are named, with the remedy', () => {
    const small = { 'retention.ms': '3600000', 'max.message.bytes': '1048588' };
    const found = { 'cleanup.policy': 'compact,delete', 'message.timestamp.type': 'CreateTime', ...small };
    expect(settingProblems(kept, found)).toEqual([
      'cleanup.policy is compact,delete and delete is needed (set cleanup.policy=delete)',
      'message.timestamp.type is CreateTime and LogAppendTime is needed (set message.timestamp.type=LogAppendTime)',
      `max.message.bytes is 1048588 and at least ${maxMessageBytes} is needed (set max.message.bytes=${maxMessageBytes})`,
      'retention.ms is 3600000 and at least 604800000 is needed (set retention.ms=604800000)',
    ]);
    const lazy = { ...topicSettings(compacted, 1), 'max.compaction.lag.ms': '9223372036854775807' };
    expect(settingProblems(compacted, lazy)).toEqual([
      'max.compaction.lag.ms is 9223372036854775807 and at most 86400000 is needed (set max.compaction.lag.ms=86400000)',
    ]);
  });
});
