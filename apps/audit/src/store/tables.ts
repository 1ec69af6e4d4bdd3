import type { Generated } from 'kysely';

/** The columns that queries read; inserts go through statements.ts. */
export interface Tables {
  'audit.events': {
    accepted_day: Date;
    id: string;
    tenant_id: string;
    type: string;
    subject: string | null;
    accepted_at: Date;
    data: string | null;
    occurred_at: Date | null;
    ordering_key: string | null;
    action_urls: string | null;
    planned_at: Date | null;
    excluded_counts: string | null;
  };
  'audit.deliveries': {
    accepted_day: Date;
    id: string;
    tenant_id: string;
    endpoint_id: string;
    event_id: string;
    event_type: string;
    subject: string | null;
    endpoint_subject: string | null;
    accepted_at: Date;
    is_test: boolean;
    status: string;
    reason: string;
    round: number;
    attempt_count: number;
    next_attempt_at: Date | null;
    completed_at: Date | null;
    state_order: string;
  };
  'audit.attempts': {
    accepted_day: Date;
    id: string;
    tenant_id: string;
    delivery_id: string;
    endpoint_id: string;
    number: number;
    round: number;
    started_at: Date;
    duration_ms: number;
    outcome: string | null;
    response_status: number | null;
    response_headers: string;
    response_body: string | null;
    error: string | null;
    timings: string;
    trace_id: string;
    status: string;
    reason: string;
    next_attempt_at: Date | null;
    is_test: boolean;
  };
  'audit.dead_letters': {
    accepted_day: Date;
    id: string;
    tenant_id: string;
    round: number;
    reason: string;
    attempt_count: number;
    dead_lettered_at: Date;
    last_outcome: string | null;
    last_response_status: number | null;
    last_error: string | null;
  };
  'audit.unreadable_records': {
    topic: string;
    partition: number;
    log_offset: string;
    found_at: Date;
    kind: string;
    consumer_group: string;
    failures: number;
  };
  'audit.missing': {
    accepted_day: Date;
    id: string;
    tenant_id: string;
    accepted_at: Date;
    event_id: string;
    delivery_id: string | null;
    state_order: string | null;
    found_at: Date;
    checked_at: Date;
  };
  'audit.reconcile_checks': {
    only_one: Generated<boolean>;
    checked_at: Date;
    as_of: Date;
    took_ms: number;
    missing_deliveries: number;
    missing_events: number;
  };
  'audit.progress': { topic: string; partition: number; next_offset: string; recorded_until: Date };
}

/** Tables that are partitioned by day of acceptance. */
export const partitionedTables = ['events', 'deliveries', 'attempts', 'dead_letters'] as const;
