import { expect, test } from '@jest/globals';
import type { Commit, Log } from '../log.ts';
import { eventually, join, record, texts, type LogHarness, type Recorder } from './recorder.ts';

/** What an adapter promises where several members share a group: Kafka, the simulator. */
export const describeGroups = (current: () => { harness: LogHarness; log: Log }): void => {
  const all = ['t/0', 't/1', 't/2', 't/3'];
  const two = async (): Promise<{ another: Log; one: Recorder; other: Recorder }> => {
    const { harness, log } = current();
    const another = (await harness.openAnother?.()) ?? log;
    const one = await join(log, 'g', ['t']);
    await eventually(() => one.owned().length === 4);
    const other = await join(another, 'g', ['t']);
    await eventually(() => one.owned().length === 2 && other.owned().length === 2);
    return { another, one, other };
  };

  test('shares partitions among the members of a group', async () => {
    const { another, one, other } = await two();
    expect([...one.owned(), ...other.owned()].sort()).toEqual(all);
    await current().log.produce(Array.from({ length: 100 }, (_, i) => record('t', `k${i}`, `${i}`)));
    await eventually(() => one.records.length + other.records.length >= 100);
    expect(new Set(texts([...one.records, ...other.records])).size).toBe(100);
    await another.close();
  });

  test('does not assign a partition again that a member keeps', async () => {
    const { another, one } = await two();
    const kept = one.owned();
    const assigned = one.moves.filter(
      (move) => move.kind === 'assigned' && kept.includes(`t/${move.partition.partition}`),
    );
    expect(assigned).toHaveLength(kept.length);
    await another.close();
  });

  test('gives the partitions of a member that leaves to the others, with its commits', async () => {
    const { another, one, other } = await two();
    await current().log.produce(Array.from({ length: 100 }, (_, i) => record('t', `k${i}`, `${i}`)));
    await eventually(() => one.records.length + other.records.length >= 100);
    const moving = other.owned().map((name) => Number(name.slice(2)));
    const ends = await current().log.endOffsets('t');
    await other.subscription.commit(
      moving.map((partition) => ({ topic: 't', partition, offset: (ends[partition] ?? 0) - 1, metadata: '' })),
    );
    await other.subscription.close();
    await eventually(() => one.owned().length === 4);
    await eventually(() => moving.every((partition) => one.records.some((r) => r.partition === partition)));
    const regained = one.records.slice(-moving.length);
    expect(regained.map((r) => `${r.partition} at ${r.offset}`).sort()).toEqual(
      moving.map((partition) => `${partition} at ${(ends[partition] ?? 0) - 1}`).sort(),
    );
    await another.close();
  });

  test('gives the partitions of a member that dies to the others, with its commits', async () => {
    const { harness, log } = current();
    const mortal = await harness.openMortal?.();
    if (mortal === undefined) throw new Error('the harness opens no mortal log');
    const doomed = await join(mortal.log, 'g', ['t']);
    await eventually(() => doomed.owned().length === 4);
    const positions = await log.produce(Array.from({ length: 100 }, (_, i) => record('t', `k${i}`, `${i}`)));
    await eventually(() => doomed.records.length >= 100);
    await doomed.subscription.commit([{ topic: 't', partition: 0, offset: 3, metadata: 'kept' }]);
    await mortal.kill();
    const heir = await join(log, 'g', ['t']);
    await eventually(() => heir.owned().length === 4);
    const inherited = heir.moves.find((move) => move.partition.partition === 0)?.commit;
    expect(inherited).toMatchObject({ offset: 3, metadata: 'kept' });
    const left = positions.filter(({ partition, offset }) => partition !== 0 || offset >= 3);
    await eventually(() => heir.records.length >= left.length);
    expect(heir.records.map((r) => `${r.partition}/${r.offset}`).sort()).toEqual(
      left.map((p) => `${p.partition}/${p.offset}`).sort(),
    );
  });

  test('begins with a partition that moves where its former owner hands it over', async () => {
    const { harness, log } = current();
    const another = (await harness.openAnother?.()) ?? log;
    await log.produce(Array.from({ length: 200 }, (_, i) => record('t', `k${i}`, `${i}`)));
    const one = await join(log, 'g', ['t'], { handsOver: false });
    await eventually(() => one.owned().length === 4);
    const other = await join(another, 'g', ['t']);
    await eventually(() => one.owned().length === 2);
    const gone = one.moves.filter(({ kind }) => kind === 'revoked').map(({ partition }) => partition);
    // One is handed over late, the other not at all: that one comes when its time is over.
    const [late, kept] = [gone[0], gone[1]];
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(other.owned()).toEqual([]);
    await one.subscription.handOver({ topic: 't', partition: late?.partition ?? 0, offset: 5, metadata: 'done' });
    await eventually(() => other.owned().length === 1);
    expect(other.moves[0]).toMatchObject({
      kind: 'assigned',
      partition: late,
      commit: { offset: 5, metadata: 'done' },
    });
    await eventually(() => other.owned().length === 2);
    // Too late: its next owner has begun.
    await one.subscription.handOver({ topic: 't', partition: kept?.partition ?? 0, offset: 9, metadata: 'late' });
    await other.subscription.close();
    await eventually(() => one.owned().length === 4);
    const back = one.moves.findLast(({ partition }) => partition.partition === kept?.partition);
    expect(back?.commit?.offset ?? 0).toBe(0);
    await another.close();
  });

  test('takes no commit for a partition that has moved away', async () => {
    const { another, one, other } = await two();
    await current().log.produce(Array.from({ length: 100 }, (_, i) => record('t', `k${i}`, `${i}`)));
    await eventually(() => one.records.length + other.records.length >= 100);
    const moved = Number(other.owned()[0]?.slice(2));
    const commit: Commit = { topic: 't', partition: moved, offset: 7, metadata: 'mine' };
    await other.subscription.commit([commit]);
    await one.subscription.commit([{ ...commit, offset: 2, metadata: 'no longer mine' }]).catch(() => undefined);
    await other.subscription.close();
    await eventually(() => one.owned().length === 4);
    const back = one.moves.findLast((move) => move.partition.partition === moved);
    expect(back).toMatchObject({ kind: 'assigned', commit: { offset: 7, metadata: 'mine' } });
    await another.close();
  });

  test('loses nothing while members come and go', async () => {
    const { harness, log } = current();
    const one = await join(log, 'g', ['t']);
    await eventually(() => one.owned().length === 4);
    const guests: Recorder[] = [];
    const over = new AbortController();
    let sent = 0;
    const produce = async (): Promise<void> => {
      for (; !over.signal.aborted; await new Promise((resolve) => setTimeout(resolve, 5))) {
        await log.produce(Array.from({ length: 4 }, (_, i) => record('t', `k${i}`, `${sent + i}`)));
        sent += 4;
      }
    };
    const producing = produce();
    for (let round = 0; round < 3; round++) {
      const another = (await harness.openAnother?.()) ?? log;
      const guest = await join(another, 'g', ['t']);
      guests.push(guest);
      await eventually(() => one.owned().length === 2 && guest.owned().length === 2);
      await guest.subscription.close();
      await eventually(() => one.owned().length === 4);
      if (another !== log) await another.close();
    }
    over.abort();
    await producing;
    const seen = () => new Set([one, ...guests].flatMap((member) => texts(member.records)));
    await eventually(() => seen().size === sent);
    // Nobody settles here, so a partition that moves begins anew: what a member has seen of one ownership is without gaps.
    for (const member of [one, ...guests]) {
      const last = new Map<number, number>();
      for (const { partition, offset } of member.records) {
        const before = last.get(partition);
        expect(before === undefined || offset === before + 1 || offset === 0).toBe(true);
        last.set(partition, offset);
      }
    }
  });
};
