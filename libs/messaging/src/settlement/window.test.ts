import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { decodeCompleted, encodeCompleted } from './completed-offsets.ts';
import { settlementWindow, type SettlementWindow } from './window.ts';

/** A log of one partition: offsets in order, with gaps. */
const logs = fc
  .array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 60 })
  .map((steps) => steps.map((_, i) => steps.slice(0, i + 1).reduce((a, b) => a + b)));

type Step = { do: 'fetch' } | { do: 'settle'; pick: number } | { do: 'refetch'; back: number } | { do: 'restart' };

const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.constant<Step>({ do: 'fetch' }) },
    { weight: 5, arbitrary: fc.nat(50).map((pick): Step => ({ do: 'settle', pick })) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 10 }).map((back): Step => ({ do: 'refetch', back })) },
    { weight: 1, arbitrary: fc.constant<Step>({ do: 'restart' }) },
  ),
  { maxLength: 200 },
);

/** A window, the log above it, and a ledger of what really happened. */
const simulate = (offsets: readonly number[], check: (ledger: Ledger) => void) => {
  const ledger: Ledger = { window: settlementWindow(0, []), settled: new Set(), handed: new Map(), inHand: [], at: 0 };
  const fetch = (): void => {
    const offset = offsets[ledger.at];
    if (offset === undefined) return;
    ledger.at++;
    if (!ledger.window.admit(offset, 10)) return;
    ledger.handed.set(offset, (ledger.handed.get(offset) ?? 0) + 1);
    ledger.inHand.push(offset);
  };
  const perform = (step: Step): void => {
    if (step.do === 'fetch') fetch();
    else if (step.do === 'settle') {
      const [offset] = ledger.inHand.splice(step.pick % Math.max(1, ledger.inHand.length), 1);
      if (offset === undefined) return;
      ledger.settled.add(offset);
      ledger.window.settle(offset);
    } else if (step.do === 'refetch') ledger.at = Math.max(0, ledger.at - step.back);
    else {
      const { offset, completed } = ledger.window.progress();
      const { text } = encodeCompleted(offset, completed, 4000);
      ledger.window = settlementWindow(offset, decodeCompleted(offset, text));
      ledger.inHand = [];
      ledger.at = offsets.findIndex((candidate) => candidate >= offset);
      if (ledger.at === -1) ledger.at = offsets.length;
    }
  };
  return (script: readonly Step[]): Ledger => {
    for (const step of script) {
      perform(step);
      check(ledger);
    }
    return ledger;
  };
};

interface Ledger {
  window: SettlementWindow;
  settled: Set<number>;
  /** How often each offset was handed over. */
  handed: Map<number, number>;
  inHand: number[];
  at: number;
}

describe('settlement window', () => {
  test('commits only offsets below which every record was settled, whatever happens', () => {
    fc.assert(
      fc.property(logs, steps, (offsets, script) => {
        simulate(offsets, ({ window, settled }) => {
          const { offset, completed } = window.progress();
          for (const candidate of offsets) {
            const done = candidate < offset || completed.some((r) => r.first <= candidate && candidate <= r.last);
            if (done && !settled.has(candidate)) throw new Error(`${candidate} passes for settled`);
          }
        })(script);
      }),
    );
  });

  test('commits everything that was settled: a restart repeats only what was not', () => {
    fc.assert(
      fc.property(logs, steps, (offsets, script) => {
        simulate(offsets, ({ window, settled }) => {
          const { offset, completed } = window.progress();
          const restarted = settlementWindow(offset, completed);
          for (const candidate of offsets)
            if (candidate >= offset && restarted.admit(candidate, 1) && settled.has(candidate))
              throw new Error(`${candidate} would be repeated`);
        })(script);
      }),
    );
  });

  test('hands nothing over twice without a restart, and counts what is in hand', () => {
    fc.assert(
      fc.property(logs, steps, (offsets, script) => {
        const calm = script.filter((step) => step.do !== 'restart');
        const { handed } = simulate(offsets, ({ window, inHand }) => {
          expect(window.unsettled()).toBe(inHand.length);
          expect(window.bytes()).toBe(inHand.length * 10);
        })(calm);
        expect([...handed.values()].every((times) => times === 1)).toBe(true);
      }),
    );
  });

  test('moves on when all is settled, across gaps', () => {
    const window = settlementWindow(5, []);
    for (const offset of [7, 9, 20]) window.admit(offset, 1);
    expect(window.progress()).toEqual({ offset: 7, completed: [] });
    window.settle(9);
    window.settle(20);
    expect(window.progress()).toEqual({ offset: 7, completed: [{ first: 9, last: 20 }] });
    expect(window.length()).toBe(3);
    window.settle(7);
    expect(window.progress()).toEqual({ offset: 21, completed: [] });
  });

  test('keeps what was done beyond the commit until it is fetched again', () => {
    const window = settlementWindow(5, [{ first: 6, last: 6 }]);
    expect(window.progress()).toEqual({ offset: 5, completed: [{ first: 6, last: 6 }] });
  });

  test('counts a settled record once and ignores one that it does not know', () => {
    const window = settlementWindow(0, []);
    window.admit(0, 1);
    expect([window.settle(0), window.settle(0), window.settle(8)]).toEqual([true, false, false]);
  });
});
