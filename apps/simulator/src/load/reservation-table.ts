import type { Reservation, Reservations, Reserved } from '@bellwire/ingestion';
import type { KeysLedger } from '../ledger/keys-ledger.ts';
import type { FaultKind } from '../faults/fault-counts.ts';
import type { ProcessGate } from '../world/process-gate.ts';
import type { World } from '../world/world.ts';

/** The table of reservations, which outlives every process. */
export interface ReservationTable {
  /** As one process reaches it. */
  through(gate: ProcessGate): Reservations;
  /** Until then it refuses, or does not answer. */
  troubleUntil(ms: number, kind: 'reservations.fail' | 'reservations.hang'): void;
}

export const openReservationTable = (
  { time, dice, trace }: World,
  keys: Pick<KeysLedger, 'marked' | 'unmarked'>,
): ReservationTable => {
  const rows = new Map<string, Reservation>();
  const onLog = new WeakSet<Reservation>();
  let trouble: { untilMs: number; kind: FaultKind } | undefined;

  const take = (wanted: Reservation, expiredAtMs: number): Reserved => {
    const name = `${wanted.tenantId}/${wanted.key}`;
    const row = rows.get(name);
    if (row !== undefined && row.acceptedAtMs > expiredAtMs) return { ...row, isNew: false, isOnLog: onLog.has(row) };
    rows.set(name, wanted);
    return { ...wanted, isNew: true, isOnLog: false };
  };

  const mark = (written: Reservation): void => {
    const name = `${written.tenantId}/${written.key}`;
    const row = rows.get(name) ?? written;
    rows.set(name, row);
    if (row.eventId === written.eventId && row.acceptedAtMs === written.acceptedAtMs) onLog.add(row);
    keys.marked(written.tenantId, written.key);
  };

  return {
    troubleUntil: (untilMs, kind) => void (trouble = { untilMs, kind }),
    through: (gate) => {
      const ask = <Result>(about: readonly Reservation[], work: () => Result): Promise<Result> =>
        new Promise((resolve, reject) => {
          const present = trouble !== undefined && time.nowMs() < trouble.untilMs ? trouble.kind : undefined;
          if (present !== undefined) {
            trace.strike(present, gate.name);
            for (const { tenantId, key } of about) keys.unmarked(tenantId, key);
          }
          if (present === 'reservations.hang') return;
          time.after(dice.between(0.5, 4), () => {
            const isDone = present === undefined;
            const result = isDone ? work() : undefined;
            time.after(1, () =>
              gate.enter(() => {
                if (result === undefined) reject(new Error('the database is away'));
                else resolve(result);
              }),
            );
          });
        });
      return {
        reserve: (wanted, expiredAtMs) => ask(wanted, () => wanted.map((one) => take(one, expiredAtMs))),
        markOnLog: (written) => ask(written, () => written.forEach(mark) ?? true).then(() => undefined),
        ping: () => ask([], () => true).then(() => undefined),
        deleteExpired: async () => 0,
      };
    },
  };
};
