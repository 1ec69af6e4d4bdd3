/**
 * Tables of the embedded log, in a database of their own. Safe to run again.
 *
 * log_partition: one row per partition; the row lock of its counter makes offsets gap-free and visible in order.
 * log_record:    the records; read and trimmed by the primary key (topic, part, off). value null is a tombstone.
 * log_commit:    what each group has committed.
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
  PRIMARY KEY (topic, part, off)
);
CREATE TABLE IF NOT EXISTS log_commit (
  consumer_group text NOT NULL,
  topic text NOT NULL,
  part int NOT NULL,
  off bigint NOT NULL,
  metadata text NOT NULL,
  PRIMARY KEY (consumer_group, topic, part)
) WITH (fillfactor = 50);
`;

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

/** Leans on the primary key. */
export const readSql = `
SELECT off, key, value, headers, at FROM log_record
WHERE topic = $1 AND part = $2 AND off >= $3 ORDER BY off LIMIT $4`;

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
  INSERT INTO log_record (topic, part, off, key, value, headers, at)
  SELECT b.topic, b.part, b.base + r.nth, r.key,
         CASE WHEN r.len >= 0 THEN substring($4::bytea FROM r.pos FOR r.len) END, r.headers, $5::bigint
  FROM unnest($6::int[], $7::int[], $8::int[], $9::int[], $10::text[], $11::text[]) AS r(slot, nth, pos, len, key, headers)
  JOIN bumped AS b ON b.slot = r.slot
)
SELECT slot::int AS slot, base FROM bumped`;

/** Drops up to $4 of the oldest records that were taken before $3; leans on the primary key. */
export const trimSql = `
DELETE FROM log_record AS r USING (
  SELECT off FROM (
    SELECT off, at FROM log_record WHERE topic = $1 AND part = $2 ORDER BY off LIMIT $4
  ) AS oldest WHERE at < $3
) AS old
WHERE r.topic = $1 AND r.part = $2 AND r.off = old.off`;

/**
 * Keeps the newest record of each key, and drops tombstones that were taken before $3. The last record of a partition
 * always stays, so that a reader who wants the end meets a record there.
 */
export const compactSql = `
WITH newest AS (
  SELECT key, max(off) AS off FROM log_record WHERE topic = $1 AND part = $2 GROUP BY key
), last AS (SELECT max(off) AS off FROM newest)
DELETE FROM log_record AS r USING newest AS n, last AS l
WHERE r.topic = $1 AND r.part = $2 AND r.key = n.key AND r.off <> l.off
  AND (r.off < n.off OR (r.value IS NULL AND r.at < $3))`;
