import { describe, expect, test } from '@jest/globals';
import { DeliveryRecord, EndpointStateRecord } from '@bellwire/contracts';
import type { AttemptOutcome } from '@bellwire/domain';
import { anEndpoint } from '../testing/an-endpoint.ts';
import { makeEndpointControls } from './endpoint-controls.ts';

const hourMs = 60 * 60 * 1000;

const aDelivery = (given: Partial<DeliveryRecord> = {}): DeliveryRecord =>
  DeliveryRecord.fromPartial({ endpointId: 'ep_1', round: 1, attempt: 1, roundFirstAttempt: 1, ...given });

const outcome = (of: AttemptOutcome['outcome'], status?: number): AttemptOutcome => ({
  outcome: of,
  durationMs: 5,
  timings: {},
  ...(status === undefined ? {} : { response: { status, headers: {}, body: '' } }),
});
const refused = outcome('unreachable');
const delivered = outcome('delivered', 200);

const setUp = (disableAfterMs = 0) => {
  const clock = { at: 1_700_000_000_000, now: () => clock.at };
  const seen = { changed: 0, slowStarts: 0, steps: [] as string[] };
  const controls = makeEndpointControls({
    clock,
    random: () => 0,
    disableAfterMs,
    onChanged: () => seen.changed++,
    onFailing: (_endpoint, step) => seen.steps.push(step),
    onSlowStart: () => seen.slowStarts++,
  });
  const fail = (times: number, endpoint = anEndpoint()) => {
    for (let n = 0; n < times; n++) controls.after(endpoint, refused, clock.at);
  };
  return { clock, seen, controls, fail };
};

describe('the breaker of an endpoint', () => {
  test('opens after ten refused connections, lets one probe through in time, and closes by its success', () => {
    const { clock, seen, controls, fail } = setUp();
    fail(9);
    expect(controls.claim(anEndpoint(), aDelivery())).toEqual({ kind: 'go', isProbe: false });
    fail(1);
    const untilMs = clock.at + 30_000;
    expect(controls.openUntil(anEndpoint())).toBe(untilMs);
    expect(controls.claim(anEndpoint(), aDelivery())).toEqual({ kind: 'wait', reason: 'breaker_open', untilMs });
    clock.at = untilMs;
    expect(controls.claim(anEndpoint(), aDelivery())).toEqual({ kind: 'go', isProbe: true });
    expect(controls.claim(anEndpoint(), aDelivery()).kind).toBe('wait');
    // While the probe is under way others wait in memory for how it ends.
    expect(controls.openUntil(anEndpoint())).toBeUndefined();
    controls.after(anEndpoint(), delivered, clock.at);
    expect(seen.slowStarts).toBe(2);
    expect(controls.openUntil(anEndpoint())).toBeUndefined();
  });

  test("forgets an endpoint that may have been somebody else's", () => {
    const { controls, fail } = setUp();
    fail(10);
    controls.forget((endpointId) => endpointId === 'ep_2');
    expect(controls.openUntil(anEndpoint())).toBeDefined();
    controls.forget((endpointId) => endpointId === 'ep_1');
    expect(controls.openUntil(anEndpoint())).toBeUndefined();
  });

  test('closes by an edit of the endpoint', () => {
    const { controls, fail } = setUp();
    const before = anEndpoint({ updatedAtMs: 5 });
    controls.openUntil(before);
    fail(10, before);
    expect(controls.openUntil(before)).toBeDefined();
    expect(controls.openUntil(anEndpoint({ updatedAtMs: 6 }))).toBeUndefined();
  });

  test('takes a 400 for a sign of life', () => {
    const { controls } = setUp();
    for (let n = 0; n < 100; n++) controls.after(anEndpoint(), outcome('rejected', 400), 1);
    expect(controls.openUntil(anEndpoint())).toBeUndefined();
  });

  test('stays open for the next owner', () => {
    const { clock, controls, fail } = setUp();
    expect(controls.recordOf('ep_1')).toBeUndefined();
    fail(10);
    const next = setUp();
    next.controls.learn('ep_1', EndpointStateRecord.fromPartial({ endpointId: 'ep_1', ...controls.recordOf('ep_1') }));
    expect(next.controls.openUntil(anEndpoint())).toBe(clock.at + 30_000);
    next.controls.learn('ep_1', undefined);
    expect(next.controls.openUntil(anEndpoint())).toBeUndefined();
  });
});

describe('the limits of an endpoint', () => {
  const limited = anEndpoint({ rateLimit: { limit: 2, periodSeconds: 60 } });

  test('let a burst start and reserve a slot for what exceeds it, which then starts', () => {
    const { clock, controls } = setUp();
    for (let n = 0; n < 2; n++) expect(controls.claim(limited, aDelivery()).kind).toBe('go');
    const third = controls.claim(limited, aDelivery());
    if (third.kind !== 'wait' || third.reason !== 'rate_limited') throw new Error(`${third.kind} is no slot`);
    expect(third.slotAtMs - clock.at).toBeGreaterThanOrEqual(61_000);
    clock.at = third.slotAtMs;
    expect(controls.claim(limited, aDelivery({ slotAtMs: third.slotAtMs })).kind).toBe('go');
  });

  test('give the slot of a cancelled delivery to the next', () => {
    const { clock, controls } = setUp();
    const slotOf = () => {
      const claim = controls.claim(limited, aDelivery());
      return claim.kind === 'wait' ? claim.untilMs - clock.at : 0;
    };
    for (let n = 0; n < 2; n++) slotOf();
    const first = slotOf();
    controls.giveBackSlot('ep_1', clock.at + first);
    expect(slotOf()).toBe(first);
  });

  test('hold after a restart', () => {
    const { clock, controls } = setUp();
    for (let n = 0; n < 2; n++) controls.claim(limited, aDelivery());
    const next = setUp();
    next.clock.at = clock.at + 5000;
    next.controls.learn('ep_1', EndpointStateRecord.fromPartial({ endpointId: 'ep_1', ...controls.recordOf('ep_1') }));
    expect(next.controls.claim(limited, aDelivery())).toMatchObject({ kind: 'wait', reason: 'rate_limited' });
  });

  test('skip what comes beyond the hour, but count a delivery once and no redelivery', () => {
    const { clock, controls } = setUp();
    const hourly = anEndpoint({ hourlyLimit: 2 });
    const first = aDelivery();
    expect(controls.claim(hourly, first).kind).toBe('go');
    expect(controls.claim(hourly, first).kind).toBe('go');
    expect(controls.claim(hourly, aDelivery({ attempt: 2 })).kind).toBe('go');
    expect(controls.claim(hourly, aDelivery({ round: 2, attempt: 4, roundFirstAttempt: 4 })).kind).toBe('go');
    expect(controls.claim(hourly, aDelivery()).kind).toBe('go');
    expect(controls.claim(hourly, aDelivery())).toEqual({ kind: 'skip', reason: 'hourly_limit' });
    clock.at += hourMs + 60_000;
    expect(controls.claim(hourly, aDelivery()).kind).toBe('go');
  });
});

describe('an endpoint that fails', () => {
  test('is warned of after half the time, and disabled after all of it, by another failure', () => {
    const { clock, seen, fail } = setUp(10 * hourMs);
    fail(4);
    clock.at += 6 * hourMs;
    fail(2);
    expect(seen.steps).toEqual(['warn']);
    clock.at += 5 * hourMs;
    fail(1);
    expect(seen.steps).toEqual(['warn', 'disable']);
  });

  test('is given the time anew by an edit', () => {
    const { clock, seen, fail } = setUp(10 * hourMs);
    fail(5);
    clock.at += 11 * hourMs;
    fail(1, anEndpoint({ updatedAtMs: clock.at - 1000 }));
    expect(seen.steps).toEqual([]);
  });
});
