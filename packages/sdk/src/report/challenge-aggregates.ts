/** What is asked of the rows of a comparison, each part a scalar subquery over `_rows` that gives JSON. */

/** Shares of rows whose differences are told, 0 and 1 the least and the greatest. */
export const movementShares = [0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1] as const

/** What is too small to be squared is 0: PostgreSQL raises on underflow. */
const flushed = (x: string): string => `CASE WHEN abs(${x}) < 1e-100::float8 THEN 0::float8 ELSE ${x} END`
export const squared = (x: string): string =>
  `CASE WHEN abs(${x}) < 1e-100::float8 THEN 0::float8 ELSE (${x}) * (${x}) END`

/** How far a number moves, how it is ordered, and how both are spread over tenths of the champion's. */
export function movement(p: string, q: string): string {
  const both = `FROM _rows WHERE ${p} IS NOT NULL AND ${q} IS NOT NULL`
  // Of equal ones the middle of their places.
  const place = (x: string) =>
    `(count(*) OVER (ORDER BY ${x}))::float8 - (count(*) OVER (PARTITION BY ${x}) - 1)::float8 / 2::float8`
  const tenths = Array.from({ length: 9 }, (_, i) => (i + 1) / 10)
  return `(SELECT jsonb_build_object(
  'rows', count(r.d),
  'missing', jsonb_build_array(count(*) FILTER (WHERE r.p IS NULL AND r.q IS NOT NULL),
    count(*) FILTER (WHERE r.p IS NOT NULL AND r.q IS NULL), count(*) FILTER (WHERE r.p IS NULL AND r.q IS NULL)),
  'moved', count(*) FILTER (WHERE r.d <> 0::float8),
  'champion', avg(r.p) FILTER (WHERE r.d IS NOT NULL),
  'challenger', avg(r.q) FILTER (WHERE r.d IS NOT NULL),
  'shift', avg(r.d),
  'deviation', stddev_samp(r.d),
  'largest', max(abs(r.d)),
  'quantiles', percentile_cont(ARRAY[${movementShares.join(', ')}]::float8[]) WITHIN GROUP (ORDER BY r.d),
  'pearson', corr(r.p, r.q) FILTER (WHERE r.d IS NOT NULL),
  'spearman', (SELECT corr(s.p, s.q) FROM (SELECT ${place(p)} AS p, ${place(q)} AS q ${both}) AS s),
  'distance', (SELECT max(abs(s.d)) FROM (SELECT sum(x.s) OVER (ORDER BY x.v) AS d FROM _rows AS r
    CROSS JOIN LATERAL (VALUES (r.${p}, 1), (r.${q}, -1)) AS x (v, s) WHERE r.${p} IS NOT NULL AND r.${q} IS NOT NULL) AS s),
  'bins', (SELECT jsonb_agg(jsonb_build_array(s.p, s.q)) FROM (
    SELECT count(*) FILTER (WHERE x.s) AS p, count(*) FILTER (WHERE NOT x.s) AS q FROM _rows AS r
    CROSS JOIN (SELECT array_agg(DISTINCT u.e ORDER BY u.e) AS edges FROM unnest((
      SELECT percentile_disc(ARRAY[${tenths.join(', ')}]::float8[]) WITHIN GROUP (ORDER BY ${p}) ${both})) AS u (e)) AS e
    CROSS JOIN LATERAL (VALUES (r.${p}, true), (r.${q}, false)) AS x (v, s)
    WHERE r.${p} IS NOT NULL AND r.${q} IS NOT NULL GROUP BY width_bucket(x.v, e.edges)) AS s))
  FROM (SELECT ${p} AS p, ${q} AS q, ${q} - ${p} AS d FROM _rows) AS r)`
}

/** Tenths by the number of the champion; equal ones stay together. */
export function deciles(p: string, q: string, isLabelled: boolean, isMeasured: boolean): string {
  return `(SELECT jsonb_agg(jsonb_build_object('decile', d.decile, 'rows', d.n, 'least', d.least, 'greatest', d.greatest,
    'champion', d.p, 'challenger', d.q, 'agreement', d.agreement, 'observed', d.observed) ORDER BY d.decile)
  FROM (SELECT r.decile, count(*) AS n, min(r.p) AS least, max(r.p) AS greatest, avg(r.p) AS p, avg(r.q) AS q,
    ${isLabelled ? 'avg((r.a = r.b)::int4)::float8' : 'NULL::float8'} AS agreement,
    ${isMeasured ? 'sum(r.v * r.y) / nullif(sum(r.v) FILTER (WHERE r.y IS NOT NULL), 0::float8)' : 'NULL::float8'} AS observed
    FROM (SELECT 1 + ((rank() OVER (ORDER BY ${p}) - 1) * 10) / count(*) OVER () AS decile, ${p} AS p, ${q} AS q${isLabelled ? ', a, b' : ''}${isMeasured ? `, ${flushed('y')} AS y, ${flushed('w / avg(w) OVER ()')} AS v` : ''}
      FROM _rows WHERE ${p} IS NOT NULL AND ${q} IS NOT NULL) AS r GROUP BY r.decile) AS d)`
}

/** Labels of the champion × those of the challenger. */
export const confusion = `(SELECT jsonb_agg(jsonb_build_array(r.a, r.b, r.n) ORDER BY r.n DESC, r.a, r.b)
  FROM (SELECT a, b, count(*) AS n FROM _rows GROUP BY a, b) AS r)`

/** The weighted mean of both losses, and the squares of what their difference deviates, for the error of a ratio. */
export function paired(l: string, m: string): string {
  return `(SELECT jsonb_build_object('rows', count(*), 'weight', sum(r.v), 'champion', sum(r.v * r.l) / nullif(sum(r.v), 0::float8),
    'challenger', sum(r.v * r.m) / nullif(sum(r.v), 0::float8), 'difference', max(r.mean), 'squares', sum(${squared('r.e')}))
  FROM (SELECT r.*, r.v * ${flushed('r.m - r.l - r.mean')} AS e
    FROM (SELECT r.*, sum(r.v * ${flushed('r.m - r.l')}) OVER () / nullif(sum(r.v) OVER (), 0::float8) AS mean
      FROM (SELECT ${flushed(l)} AS l, ${flushed(m)} AS m, ${flushed('w / avg(w) OVER ()')} AS v FROM _rows
        WHERE ${l} IS NOT NULL AND ${m} IS NOT NULL) AS r) AS r) AS r)`
}

/** Rows that one of both had right: the champion alone, the challenger alone. */
export const discordant = (l: string, m: string): string =>
  `(SELECT jsonb_build_array(count(*) FILTER (WHERE ${l} > ${m}), count(*) FILTER (WHERE ${m} > ${l})) FROM _rows)`

/**
 * Both areas under the ROC curve, and the squares of what the difference of a row's placements deviates, by outcome. The
 * placement of a row is the share of rows of the other outcome on its right side, ties half; weighted, where rows are.
 */
export const area = `(SELECT jsonb_build_object('ones', count(*) FILTER (WHERE r.y = 1::float8), 'zeros', count(*) FILTER (WHERE r.y = 0::float8),
    'champion', sum(r.o * r.s) / nullif(sum(r.o), 0::float8), 'challenger', sum(r.o * r.t) / nullif(sum(r.o), 0::float8),
    'onesSquares', sum(${squared('r.o * r.e')}) / nullif(max(r.w1) * max(r.w1), 0::float8),
    'zerosSquares', sum(${squared('r.z * r.e')}) / nullif(max(r.w0) * max(r.w0), 0::float8))
  FROM (SELECT r.*, ${flushed('r.t - r.s - sum(r.o * (r.t - r.s)) OVER () / nullif(r.w1, 0::float8)')} AS e
    FROM (SELECT r.y, r.o, r.z, r.w1, r.w0,
        CASE r.y WHEN 1::float8 THEN r.below_s / nullif(r.w0, 0::float8) ELSE 1::float8 - r.above_s / nullif(r.w1, 0::float8) END AS s,
        CASE r.y WHEN 1::float8 THEN r.below_t / nullif(r.w0, 0::float8) ELSE 1::float8 - r.above_t / nullif(r.w1, 0::float8) END AS t
      FROM (SELECT r.*, sum(r.o) OVER () AS w1, sum(r.z) OVER () AS w0,
          sum(r.z) OVER (ORDER BY r.s) - 0.5::float8 * sum(r.z) OVER (PARTITION BY r.s) AS below_s,
          sum(r.o) OVER (ORDER BY r.s) - 0.5::float8 * sum(r.o) OVER (PARTITION BY r.s) AS above_s,
          sum(r.z) OVER (ORDER BY r.t) - 0.5::float8 * sum(r.z) OVER (PARTITION BY r.t) AS below_t,
          sum(r.o) OVER (ORDER BY r.t) - 0.5::float8 * sum(r.o) OVER (PARTITION BY r.t) AS above_t
        FROM (SELECT r.y, r.s, r.t, CASE r.y WHEN 1::float8 THEN r.v ELSE 0::float8 END AS o,
            CASE r.y WHEN 0::float8 THEN r.v ELSE 0::float8 END AS z
          FROM (SELECT y, s, t, ${flushed('w / avg(w) OVER ()')} AS v FROM _rows
            WHERE (y = 1::float8 OR y = 0::float8) AND s IS NOT NULL AND t IS NOT NULL) AS r) AS r) AS r) AS r) AS r)`
