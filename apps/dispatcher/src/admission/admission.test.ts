import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { makeAdmission, type Candidate, type Slot } from './admission.ts';

const setUp = (maxInFlight = 10) => {
  const clock = { at: 0, lagMs: 0, mayStart: true, now: () => clock.at };
  const lag = { ms: () => clock.lagMs, seenMs: () => clock.at - clock.lagMs };
  const admission = makeAdmission({ clock, maxInFlight, mayStart: () => clock.mayStart, lag });
  const started: string[] = [];
  const spilled: string[] = [];
  const released: string[] = [];
  const turns = new Map<string, number>();
  const slots: { name: string; slot: Slot }[] = [];
  const admit = (name: string, endpointId: string, maxConcurrency = 2, given: Partial<Candidate> = {}) =>
    admission.admit({
      endpointId,
      tenantId: 'ten_1',
      maxConcurrency,
      isRetry: false,
      bytes: 1000,
      spills: 0,
      begin: () => (slot) => {
        started.push(name);
        slots.push({ name, slot });
      },
      spill: (waitMs) => {
        spilled.push(name);
        turns.set(name, waitMs);
      },
      isCurrent: () => true,
      release: () => void released.push(name),
      ...given,
    });
  const end = (slot: Slot | undefined, durationMs: number, isTrouble = false): void => {
    slot?.ended({ durationMs, isTrouble });
    slot?.committed();
  };
  const release = (name: string, durationMs = 10, isTrouble = false): void => {
    const [found] = slots.splice(
      slots.findIndex((each) => each.name === name),
      1,
    );
    end(found?.slot, durationMs, isTrouble);
  };
  /** The endpoint `a` takes so long for each request, and has for as long as that is remembered. */
  const answerAfter = (durationMs: number, maxConcurrency: number): void => {
    for (const begunAt = clock.at; clock.at < begunAt + 60_000; clock.at += durationMs) {
      admit('before', 'a', maxConcurrency);
      release('before', durationMs);
    }
  };
  return { clock, admission, admit, end, release, answerAfter, started, spilled, released, turns, slots };
};

describe('admission', () => {
  test('starts as many of one endpoint as it may have, the rest in order as they end', () => {
    const { admit, release, started } = setUp();
    for (const name of ['a1', 'a2', 'a3', 'a4']) admit(name, 'a');
    expect(started).toEqual(['a1', 'a2']);
    release('a1');
    expect(started).toEqual(['a1', 'a2', 'a3']);
  });

  test('gives back what waits and is not ours any more, and nothing else', () => {
    const { admission, admit, release, started, spilled, released } = setUp();
    let isOurs = true;
    for (const name of ['a1', 'a2', 'a3', 'a4'])
      admit(name, 'a', 1, { isCurrent: () => isOurs, isRetry: name === 'a4' });
    for (const name of ['b1', 'b2']) admit(name, 'b', 1);
    isOurs = false;
    admission.letGo();
    expect(released).toEqual(['a2', 'a3', 'a4']);
    expect(admission.queued()).toBe(1);
    release('a1');
    release('b1');
    expect(started).toEqual(['a1', 'b1', 'b2']);
    expect(spilled).toEqual([]);
  });

  test('does not let a busy endpoint keep another one waiting', () => {
    const { admit, started } = setUp();
    for (let i = 0; i < 50; i++) admit(`a${i}`, 'a');
    admit('b1', 'b');
    expect(started).toEqual(['a0', 'a1', 'b1']);
  });

  test('spills what would wait longer than two seconds behind an endpoint that was slow before', () => {
    const { clock, admit, release, spilled, started } = setUp();
    admit('slow', 'a', 1);
    clock.at = 3000;
    release('slow', 3000);
    for (let i = 0; i < 4; i++) admit(`a${i}`, 'a', 1);
    expect(started).toEqual(['slow', 'a0']);
    expect(spilled).toEqual(['a1', 'a2', 'a3']);
  });

  test('takes no endpoint for slow whose first request after a rest took long', () => {
    const { clock, admit, answerAfter, release, spilled } = setUp(1000);
    answerAfter(10, 64);
    clock.at += 600_000;
    admit('first', 'a', 64);
    release('first', 600);
    for (let n = 0; n < 1000; n++) admit(`a${n}`, 'a', 64);
    expect(spilled).toEqual([]);
  });

  test('takes no endpoint for slow that is so for a moment only', () => {
    const { clock, admit, release, slots, spilled } = setUp(1000);
    const names = Array.from({ length: 64 }, (_, n) => `a${n}`);
    for (const name of names) admit(name, 'a', 64);
    for (clock.at = 10; clock.at <= 5000; clock.at += 10) {
      const [first] = slots;
      release(first?.name ?? '', 10);
      admit(`b${clock.at}`, 'a', 64);
    }
    // All that are under way end at once, 500 ms late.
    clock.at += 500;
    for (const name of slots.map((each) => each.name)) release(name, 500);
    for (let n = 0; n < 5000; n++) admit(`c${n}`, 'a', 64);
    expect(spilled).toEqual([]);
  });

  test('lets what waits for this process wait, however much it is', () => {
    const { admit, spilled, admission } = setUp();
    for (let i = 0; i < 1000; i++) admit(`a${i}`, 'a', 64);
    expect(spilled).toEqual([]);
    expect(admission.queued()).toBe(1000 - admission.inFlight());
  });

  test('lets a share of the partition wait for an endpoint that is slower than this process, and no more', () => {
    const { admission, admit, release, slots, clock, spilled } = setUp(1000);
    for (let n = 0; n < 64; n++) admit(`a${n}`, 'a', 64);
    for (clock.at = 200; clock.at <= 2000; clock.at += 200) {
      for (const name of slots.map((each) => each.name)) release(name, 200);
      for (let n = 0; n < 64; n++) admit(`b${clock.at}-${n}`, 'a', 64);
    }
    for (let n = 0; n < 2000; n++) admit(`c${n}`, 'a', 64);
    expect(admission.queued()).toBe(250);
    expect(spilled.every((name) => name.startsWith('c'))).toBe(true);
  });

  test('bounds what waits in bytes too, and lets a large one in where nothing else waits', () => {
    const { admission, answerAfter, admit, spilled } = setUp(1000);
    answerAfter(500, 1);
    const mebibyte = 1024 * 1024;
    admit('under way', 'a', 1);
    admit('large', 'a', 1, { bytes: 3 * mebibyte });
    admit('small', 'a', 1);
    expect(admission.queued()).toBe(1);
    expect(spilled).toEqual(['small']);
  });

  describe('takes for fast an endpoint of whose answers this busy process sees', () => {
    const busy = () => {
      const all = setUp(1000);
      const { clock, admit, release, slots } = all;
      const fill = (): void => {
        for (let n = 0; n < 64; n++) admit(`a${clock.at}-${n}`, 'a', 64);
      };
      const releaseAll = (most: number, durationMs: number): void => {
        clock.at += durationMs;
        for (const { name } of slots.slice(0, most)) release(name, durationMs);
      };
      return { ...all, fill, releaseAll };
    };

    test('many late', () => {
      const { admit, fill, releaseAll, spilled } = busy();
      for (let round = 0; round < 20; round++) {
        fill();
        releaseAll(32, 20);
        releaseAll(64, 150);
      }
      for (let n = 0; n < 1500; n++) admit(`c${n}`, 'a', 64);
      expect(spilled).toEqual([]);
    });

    test('a whole round very late, and then others at once', () => {
      const { admit, fill, releaseAll, spilled } = busy();
      for (let round = 0; round < 200; round++) {
        fill();
        releaseAll(64, 10);
      }
      for (const durationMs of [2500, 10]) {
        fill();
        releaseAll(64, durationMs);
      }
      for (let n = 0; n < 1500; n++) admit(`c${n}`, 'a', 64);
      expect(spilled).toEqual([]);
    });
  });

  test('spills the last of what waits as soon as an endpoint turns out to hang', () => {
    const { clock, admission, admit, spilled } = setUp();
    for (let i = 0; i < 12; i++) admit(`a${i}`, 'a', 2);
    clock.at = 200;
    admission.sweep();
    expect(spilled).toEqual([]);
    // Two at a time, each a second or more: four within two seconds.
    clock.at = 1000;
    admission.sweep();
    expect(spilled).toEqual(['a6', 'a7', 'a8', 'a9', 'a10', 'a11']);
    expect(admission.queued()).toBe(4);
  });

  test('takes no slowness of its own for that of an endpoint', () => {
    const { clock, admission, admit, release, spilled } = setUp();
    clock.lagMs = 900;
    for (let i = 0; i < 12; i++) admit(`a${i}`, 'a', 2);
    clock.at = 1000;
    admission.sweep();
    release('a0', 1000);
    admission.sweep();
    expect(spilled).toEqual([]);
    // What it waits for is not seen within two seconds: that is no lag any more.
    clock.at = 2000;
    admission.sweep();
    expect(spilled).not.toEqual([]);
  });

  test('starts nothing that another process may have, and goes on where that is not so', () => {
    const { clock, admission, admit, release, started } = setUp();
    for (const name of ['a1', 'a2', 'a3']) admit(name, 'a');
    clock.mayStart = false;
    release('a1');
    admit('b1', 'b');
    admission.sweep();
    expect(started).toEqual(['a1', 'a2']);
    clock.mayStart = true;
    admission.sweep();
    expect(started).toEqual(['a1', 'a2', 'a3', 'b1']);
  });

  test('starts no more than it can record', () => {
    const { admit, slots, started } = setUp(2);
    for (const name of ['a1', 'b1', 'c1']) admit(name, name.charAt(0));
    for (const { slot } of slots) slot.ended({ durationMs: 5, isTrouble: false });
    expect(started).toEqual(['a1', 'b1']);
    slots[0]?.slot.committed();
    expect(started).toEqual(['a1', 'b1', 'c1']);
  });

  test('serves waiting endpoints in turn when the process is full', () => {
    const { admit, release, started } = setUp(2);
    admit('a1', 'a');
    admit('a2', 'a');
    for (const name of ['a3', 'a4', 'b1', 'b2', 'c1']) admit(name, name.charAt(0));
    release('a1');
    release('a2');
    release(started[2] ?? '');
    expect(started.slice(2).map((name) => name.charAt(0))).toEqual(['a', 'b', 'c']);
  });

  test('gives an endpoint that is in trouble half as much, and more again as it answers', () => {
    const { clock, admit, release, slots, started } = setUp(1000);
    const fill = (from: number) => {
      for (let n = from; n < from + 50; n++) admit(`a${n}`, 'a', 50);
    };
    const endAll = (isTrouble: boolean) => {
      clock.at += 10;
      for (const name of slots.map((each) => each.name)) release(name, 10, isTrouble);
    };
    fill(0);
    expect(slots).toHaveLength(8);
    const before = started.length;
    clock.at += 10;
    for (const { name } of slots.slice(0, 8)) release(name, 10, true);
    expect(slots).toHaveLength(4);
    expect(started.length).toBe(before + 4);
    for (let round = 0; round < 6; round++) endAll(false);
    expect(slots.length).toBeGreaterThan(4);
  });

  test('starts again with one at a time after a breaker has closed', () => {
    const { admission, admit, slots } = setUp(1000);
    admit('a0', 'a', 50);
    admission.restartSlowly('a');
    for (let n = 1; n < 10; n++) admit(`a${n}`, 'a', 50);
    expect(slots.map(({ name }) => name)).toEqual(['a0']);
  });

  test('keeps a storm of retries to their share, and starts first attempts beside it', () => {
    const { admit, release, started } = setUp(10);
    for (let n = 0; n < 20; n++) admit(`r${n}`, `e${n}`, 8, { isRetry: true });
    expect(started).toEqual(['r0', 'r1', 'r2']);
    for (let n = 0; n < 7; n++) admit(`f${n}`, `e${n}`, 8);
    expect(started.slice(3)).toEqual(['f0', 'f1', 'f2', 'f3', 'f4', 'f5']);
    for (const name of ['r0', 'r1', 'r2', ...started.slice(3)]) release(name);
    const retries = started.slice(9).filter((name) => name.startsWith('r'));
    expect(retries).toHaveLength(3);
    expect(started.slice(9)).toContain('f6');
  });

  test('lets one tenant have seven eighths while it is alone, and its share when another one comes', () => {
    const { admit, release, slots, started } = setUp(40);
    const greedy = { tenantId: 'ten_greedy' };
    for (let n = 0; n < 100; n++) admit(`g${n}`, `g${n % 10}`, 8, greedy);
    expect(slots).toHaveLength(35);
    const modest = () => slots.filter(({ name }) => name.startsWith('m')).length;
    for (let n = 0; n < 20; n++) admit(`m${n}`, `m${n % 10}`, 8, { tenantId: 'ten_modest' });
    expect(modest()).toBe(5);
    // Of what becomes free it gets at least its turns.
    for (const name of started.slice(0, 15)) release(name);
    expect(modest()).toBeGreaterThanOrEqual(5 + 7);
    expect(slots).toHaveLength(35);
  });

  test('gives those that it spills turns one after the other, as fast as the endpoint takes them', () => {
    const { clock, admit, answerAfter, turns } = setUp();
    answerAfter(3000, 1);
    clock.at = 100_000;
    for (let n = 0; n < 5; n++) admit(`a${n}`, 'a', 1);
    // a0 is under way, and a1 may start after it; each comes a little early.
    const given = ['a1', 'a2', 'a3', 'a4'].map((name) => Math.round(turns.get(name) ?? 0));
    expect(given).toEqual([3000, 5700, 8400, 11_100]);
  });

  test('gives turns for ten seconds ahead, for longer to who has waited before, and lets the others ask again', () => {
    const { admission, answerAfter } = setUp();
    answerAfter(4000, 1);
    const turnOf = (spills: number) =>
      Math.round(admission.turnAfter({ endpointId: 'a', maxConcurrency: 1, spills }, 40_000));
    expect([0, 0, 0, 0, 0].map(turnOf)).toEqual([40_000, 43_600, 47_200, 50_000, 50_005]);
    expect([1, 0, 10].map(turnOf)).toEqual([50_800, 50_010, 54_400]);
  });

  test('lets those that wait for an endpoint come back one after the other', () => {
    const { admission, answerAfter } = setUp();
    answerAfter(48, 4);
    const turnAfter = (waitMs: number) =>
      Math.round(admission.turnAfter({ endpointId: 'a', maxConcurrency: 4, spills: 0 }, waitMs));
    // Four at a time.
    expect([1, 2, 3].map(() => turnAfter(60_000))).toEqual([60_000, 60_011, 60_022]);
    expect(turnAfter(90_000)).toBe(90_000);
  });

  test('goes on with the next where the one whose turn it is does not start', () => {
    const { admit, release, started } = setUp();
    admit('a1', 'a', 1);
    admit('a2', 'a', 1, { begin: () => undefined });
    admit('a3', 'a', 1);
    release('a1');
    expect(started).toEqual(['a1', 'a3']);
  });

  test('never exceeds a limit and loses nothing', () => {
    const step = fc.record({ endpoint: fc.constantFrom('a', 'b', 'c'), releases: fc.nat(3), durationMs: fc.nat(5000) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const { admission, admit, end, release, slots, started, spilled } = setUp(4);
        steps.forEach(({ endpoint, releases, durationMs }, index) => {
          admit(`${endpoint}${index}`, endpoint);
          for (const { name } of slots.slice(0, releases)) release(name, durationMs);
          for (const each of ['a', 'b', 'c']) {
            expect(slots.filter(({ name }) => name.startsWith(each)).length).toBeLessThanOrEqual(2);
          }
          expect(slots.length).toBe(admission.inFlight());
          expect(admission.inFlight()).toBeLessThanOrEqual(4);
        });
        while (slots.length > 0) end(slots.shift()?.slot, 1);
        expect(started.length + spilled.length).toBe(steps.length);
        expect(admission.queued()).toBe(0);
      }),
    );
  });
});
