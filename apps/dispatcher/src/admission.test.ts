import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { makeAdmission, type Slot } from './admission.ts';

const setUp = (maxInFlight = 10) => {
  const clock = { at: 0, now: () => clock.at };
  const admission = makeAdmission({ clock, maxInFlight });
  const started: string[] = [];
  const spilled: string[] = [];
  const slots: { name: string; slot: Slot }[] = [];
  const admit = (name: string, endpointId: string, maxConcurrency = 2) =>
    admission.admit({
      endpointId,
      maxConcurrency,
      start: (slot) => {
        started.push(name);
        slots.push({ name, slot });
      },
      spill: () => spilled.push(name),
    });
  const end = (slot: Slot | undefined, durationMs: number): void => {
    slot?.ended(durationMs);
    slot?.committed();
  };
  const release = (name: string, durationMs = 10): void => {
    const [found] = slots.splice(
      slots.findIndex((each) => each.name === name),
      1,
    );
    end(found?.slot, durationMs);
  };
  return { clock, admission, admit, end, release, started, spilled, slots };
};

describe('admission', () => {
  test('starts as many of one endpoint as it may have, the rest in order as they end', () => {
    const { admit, release, started } = setUp();
    for (const name of ['a1', 'a2', 'a3', 'a4']) admit(name, 'a');
    expect(started).toEqual(['a1', 'a2']);
    release('a1');
    expect(started).toEqual(['a1', 'a2', 'a3']);
  });

  test('does not let a busy endpoint keep another one waiting', () => {
    const { admit, started } = setUp();
    for (let i = 0; i < 50; i++) admit(`a${i}`, 'a');
    admit('b1', 'b');
    expect(started).toEqual(['a0', 'a1', 'b1']);
  });

  test('spills what would wait longer than two seconds behind an endpoint that was slow before', () => {
    const { admit, release, spilled, started } = setUp();
    admit('slow', 'a', 1);
    release('slow', 30_000);
    for (let i = 0; i < 4; i++) admit(`a${i}`, 'a', 1);
    // One in 50 ms before, 30 s now: a mean of 3 s.
    expect(started).toEqual(['slow', 'a0']);
    expect(spilled).toEqual(['a1', 'a2', 'a3']);
  });

  test('lets what waits for this process wait, however much it is', () => {
    const { admit, spilled, admission } = setUp();
    for (let i = 0; i < 1000; i++) admit(`a${i}`, 'a', 1);
    expect(spilled).toEqual([]);
    expect(admission.queued()).toBe(999);
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

  test('starts no more than it can record', () => {
    const { admit, slots, started } = setUp(2);
    for (const name of ['a1', 'b1', 'c1']) admit(name, name.charAt(0));
    for (const { slot } of slots) slot.ended(5);
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
