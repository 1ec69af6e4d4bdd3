/**
 * Tables of the embedded log, in a database of their own. Safe to run again.
 *
 * log_partition: one row per partition; the row lock of its counter makes offsets gap-free and visible in order.
 * log_record:    the records; read and trimmed by the primary key (topic, part, off). value null is a tombstone.
 *                `at` is the time of day; `ran` is how long the log had been open by then, over all of its processes.
 * log_commit:    what each group has committed.
 * log_run:       one row: how long the log has been open, as of the last upkeep.
 * log_dropped:   the newest of what was dropped before a group had committed it, one row for a run of upkeep.
 */
export const schemaSql = `
CREATE TABLE IF NOT EXISTS log_partition (
  topic text NOT NULL,
  part int NOT NULL,
  next_offset bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (topic, part)
) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS log_record (
  topic text NOT NULL,
  part int NOT NULL,
  off bigint NOT NULL,
  key text NOT NULL,
  value bytea,
  headers text,
  at bigint NOT NULL,
  ran bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (topic, part, off)
);
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'log_record'::regclass AND attname = 'ran') THEN
    ALTER TABLE log_record ADD COLUMN ran bigint NOT NULL DEFAULT 0;
  END IF;
END $$;
CREATE TABLE IF NOT EXISTS log_commit (
  consumer_group text NOT NULL,
  topic text NOT NULL,
  part int NOT NULL,
  off bigint NOT NULL,
  metadata text NOT NULL,
  PRIMARY KEY (consumer_group, topic, part)
) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS log_run (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  ran bigint NOT NULL
);
INSERT INTO log_run (ran) VALUES (0) ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS log_dropped (
  run bigint NOT NULL,
  consumer_group text NOT NULL,
  topic text NOT NULL,
  part int NOT NULL,
  from_off bigint NOT NULL,
  to_off bigint NOT NULL,
  records bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (run, consumer_group, topic, part)
);
`;

export const loadRunSql = `SELECT ran FROM log_run`;

export const saveRunSql = `UPDATE log_run SET ran = greatest(ran, $1::bigint)`;

/** Of all groups. */
export const loadAllCommitsSql = `SELECT consumer_group, topic, part, off FROM log_commit`;

/** The first record of each partition that has any; leans on the primary key. */
export const firstRecordsSql = `
SELECT p.topic, p.part, r.off, r.ran FROM log_partition AS p
CROSS JOIN LATERAL (
  SELECT off, ran FROM log_record WHERE topic = p.topic AND part = p.part ORDER BY off LIMIT 1
) AS r
WHERE p.topic = ANY($1::text[])`;

/** 'bellwire' and 'log' in ASCII, cut to 32 bits each: the lock is per database, the numbers only have to be ours. */
export const lockSql = `SELECT pg_try_advisory_lock(x'62656c6c'::int, x'6c6f67'::int) AS held`;

export const loadPartitionsSql = `SELECT topic, part, next_offset FROM log_partition ORDER BY topic, part`;

export const createTopicSql = `
INSERT INTO log_partition (topic, part) SELECT $1, part FROM generate_series(0, $2::int - 1) AS part
ON CONFLICT DO NOTHING`;

export const loadCommitsSql = `
SELECT topic, part, off, metadata FROM log_commit WHERE consumer_group = $1 AND topic = ANY($2::text[])`;

export const saveCommitsSql = `
INSERT INTO log_commit (consumer_group, topic, part, off, metadata)
SELECT $1, topic, part, off, metadata
FROM unnest($2::text[], $3::int[], $4::bigint[], $5::text[]) AS c(topic, part, off, metadata)
ON CONFLICT (consumer_group, topic, part) DO UPDATE SET off = excluded.off, metadata = excluded.metadata`;

/** Up to $4 records, and no more of them once $5 bytes of values are there. Leans on the primary key. */
export const readSql = `
SELECT off, key, value, headers, at FROM (
  SELECT *, sum(coalesce(octet_length(value), 0)) OVER (ORDER BY off ROWS UNBOUNDED PRECEDING) AS bytes FROM (
    SELECT off, key, value, headers, at FROM log_record
    WHERE topic = $1 AND part = $2 AND off >= $3 ORDER BY off LIMIT $4
  ) AS next
) AS counted WHERE bytes - coalesce(octet_length(value), 0) < $5 ORDER BY off`;

/**
 * The whole append is one statement. Values come as one buffer that the server cuts up: on two shared cores, batches of
 * 200 x 1 KiB, that wrote 49,000-54,000 records/s at 6-7 us of our CPU each; a bytea[] (which pg sends as hex) 22,000-25,000
 * at 11-13 us; keys and headers in the same buffer 38,000-40,000.
 */
export const appendSql = `
WITH wanted AS (
  SELECT * FROM unnest($1::text[], $2::int[], $3::int[]) WITH ORDINALITY AS w(topic, part, n, slot)
), bumped AS (
  UPDATE log_partition AS p SET next_offset = p.next_offset + w.n FROM wanted AS w
  WHERE p.topic = w.topic AND p.part = w.part
  RETURNING w.slot, w.topic, w.part, p.next_offset - w.n AS base
), appended AS (
  INSERT INTO log_record (topic, part, off, key, value, headers, at, ran)
  SELECT b.topic, b.part, b.base + r.nth, r.key,
         CASE WHEN r.len >= 0 THEN substring($4::bytea FROM r.pos FOR r.len) END, r.headers, $5::bigint, $12::bigint
  FROM unnest($6::int[], $7::int[], $8::int[], $9::int[], $10::text[], $11::text[]) AS r(slot, nth, pos, len, key, headers)
  JOIN bumped AS b ON b.slot = r.slot
)
SELECT slot::int AS slot, base FROM bumped`;

/** Drops up to $5 of the oldest records that lie below offset $4 and were taken before $3; leans on the primary key. */
export const trimSettledSql = `
DELETE FROM log_record AS r USING (
  SELECT off FROM (
    SELECT off, ran FROM log_record WHERE topic = $1 AND part = $2 AND off < $4 ORDER BY off LIMIT $5
  ) AS oldest WHERE ran < $3
) AS old
WHERE r.topic = $1 AND r.part = $2 AND r.off = old.off`;

/**
 * Drops up to $4 of the oldest records that were taken before $3, and writes down, in the same statement, for each group
 * of $5 what it had not committed: $6 is where it goes on. One row for each such group; one without a group where there
 * is none.
 */
export const trimSql = `
WITH old AS (
  SELECT off FROM (
    SELECT off, ran FROM log_record WHERE topic = $1 AND part = $2 ORDER BY off LIMIT $4
  ) AS oldest WHERE ran < $3
), gone AS (
  DELETE FROM log_record AS r USING old WHERE r.topic = $1 AND r.part = $2 AND r.off = old.off RETURNING r.off
), lost AS (
  SELECT g.name, min(gone.off) AS from_off, max(gone.off) AS to_off, count(*) AS records
  FROM gone JOIN unnest($5::text[], $6::bigint[]) AS g(name, off) ON gone.off >= g.off GROUP BY g.name
), told AS (
  INSERT INTO log_dropped AS d (run, consumer_group, topic, part, from_off, to_off, records)
  SELECT $7, name, $1, $2, from_off, to_off, records FROM lost
  ON CONFLICT (run, consumer_group, topic, part) DO UPDATE
  SET to_off = excluded.to_off, records = d.records + excluded.records
)
SELECT (SELECT count(*) FROM gone)::int AS gone, lost.name, lost.from_off, lost.to_off, lost.records
FROM (SELECT) AS always LEFT JOIN lost ON true`;

/** Keeps the newest $1 rows, as far as runs go. */
export const forgetDroppedSql = `
DELETE FROM log_dropped WHERE run < (SELECT run FROM log_dropped ORDER BY run DESC OFFSET $1 LIMIT 1)`;

/**
 * Keeps the newest record of each key, and drops tombstones that were taken before $3 of the running time. The last record of a partition
 * always stays, so that a reader who wants the end meets a record there.
 */
export const compactSql = `
WITH newest AS (
  SELECT key, max(off) AS off FROM log_record WHERE topic = $1 AND part = $2 GROUP BY key
), last AS (SELECT max(off) AS off FROM newest)
DELETE FROM log_record AS r USING newest AS n, last AS l
WHERE r.topic = $1 AND r.part = $2 AND r.key = n.key AND r.off <> l.off
  AND (r.off < n.off OR (r.value IS NULL AND r.ran < $3))`;
