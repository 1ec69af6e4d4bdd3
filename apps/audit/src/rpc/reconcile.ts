import { toProto, type Missing, type ReconcileRequest, type ReconcileResponse } from '@bellwire/contracts';
import { actingFor, isDeliveryStatus, type Clock } from '@bellwire/domain';
import { Fault } from '@bellwire/errors';
import { acrossTenants, inTenant, type Database } from '@bellwire/persistence';
import type { Call } from '@bellwire/rpc';
import { changedAt } from '../delivery-state.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import { countMissing, listMissing, type Check, type FoundMissing, type MissingViewer } from '../store/missing.ts';
import type { Trx } from '../store/reading.ts';
import type { Tables } from '../store/tables.ts';
import { pageOf, sliceOf } from './reading.ts';

export interface ReconcileDeps {
  db: Database<Tables>['db'];
  reconciler: Pick<Reconciler, 'check' | 'last'>;
  clock: Clock;
  retentionMs: number;
}

/** Less than a caller's deadline. */
const longestWaitMs = 5000;
const idPattern = /^(evt_[0-9A-Z]{26}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** An admin who names no tenant asks for all. @throws Fault of actingFor */
const whoAsks = ({ principal, namedTenant }: Call): Omit<MissingViewer, 'visibleFromMs'> => {
  if (principal.kind === 'admin' && namedTenant === undefined) return { tenantId: undefined, subject: undefined };
  const acting = actingFor(principal, 'deliveries:read', namedTenant);
  if (acting.tenantId === '' || acting.tenantId === '*') throw new Fault('UNKNOWN_TENANT', 'There is no such tenant.');
  return acting;
};

const missingOf = (row: FoundMissing): Missing => ({
  tenantId: row.tenant_id,
  eventId: row.event_id,
  eventType: row.event_type,
  deliveryId: row.delivery_id ?? undefined,
  endpointId: row.endpoint_id ?? undefined,
  subject: row.subject ?? undefined,
  status:
    row.status !== null && isDeliveryStatus(row.status) ? toProto.status[row.status] : 'DELIVERY_STATUS_UNSPECIFIED',
  reason: row.reason ?? '',
  round: row.round ?? 0,
  attemptCount: row.attempt_count ?? 0,
  nextAttemptAt: row.next_attempt_at ?? undefined,
  acceptedAt: row.accepted_at,
  lastChangeAt: row.state_order === null ? row.accepted_at : new Date(changedAt(row.state_order)),
  foundAt: row.found_at,
});

/**
 * What is past its time and has no live record. The first page makes a check, unless one was made just now; where that
 * takes long the answer is of the one before.
 *
 * @throws Fault INVALID_FIELD, CHECK_UNDER_WAY before the first check has ended, and those of the check
 */
export const makeReconcile = ({ db, reconciler, clock, retentionMs }: ReconcileDeps) => {
  const checkFor = async (request: ReconcileRequest): Promise<{ check: Check; underWay: boolean }> => {
    const made = request.cursor === '' ? await reconciler.check(longestWaitMs) : undefined;
    const check = made ?? (await reconciler.last());
    if (check === undefined) {
      throw new Fault('CHECK_UNDER_WAY', 'The first check has not come to its end.', { retryAfterMs: longestWaitMs });
    }
    return { check, underWay: made === undefined && request.cursor === '' };
  };

  return async (request: ReconcileRequest, call: Call): Promise<ReconcileResponse> => {
    const who = whoAsks(call);
    const slice = sliceOf({ ...request, offset: 0 }, idPattern);
    const { check, underWay } = await checkFor(request);
    const viewer = { ...who, visibleFromMs: clock.now() - retentionMs };
    const query = async (trx: Trx): Promise<ReconcileResponse> => {
      const { rows, nextCursor } = pageOf(await listMissing(trx, viewer, slice), slice);
      return {
        missing: rows.map(missingOf),
        nextCursor,
        missingCount: await countMissing(trx, viewer),
        checkedAt: new Date(check.checkedAtMs),
        asOf: new Date(check.asOfMs),
        underWay,
      };
    };
    return who.tenantId === undefined ? acrossTenants(db, query) : inTenant(db, who.tenantId, query);
  };
};
