-- Training query of dataset "full", written by viewcast.
--
-- sample    asked: one row per sample row, whatever the views return
-- features  profile, totals, known, trend
-- target    wanted
-- as of     each row sees only what was there before its own as_of
WITH
  asked AS (
    select
      question,
      place,
      as_of
    from
      questions
  ),
  profile AS (
    select
      place,
      region,
      size
    from
      places
  ),
  _spine_place AS (
    SELECT DISTINCT
      asked.place,
      asked.as_of
    FROM
      asked
  ),
  totals AS (
    SELECT
      p.place,
      p.as_of,
      p.n_1_at_0 - p.n_1_at_1 AS n_6h,
      p.n_1_at_0 - p.n_1_at_2 AS n_2d,
      p.n_1_at_0 - p.n_1_at_3 AS n_1w,
      CASE
        WHEN p.n_2_at_0 - p.n_2_at_1 > 0 THEN (p.s_2_at_0 - p.s_2_at_1)::float8
      END AS total_6h,
      CASE
        WHEN p.n_2_at_0 - p.n_2_at_2 > 0 THEN (p.s_2_at_0 - p.s_2_at_2)::float8
      END AS total_2d,
      CASE
        WHEN p.n_2_at_0 - p.n_2_at_3 > 0 THEN (p.s_2_at_0 - p.s_2_at_3)::float8
      END AS total_1w,
      (p.s_2_at_0 - p.s_2_at_1)::float8 / nullif(p.n_2_at_0 - p.n_2_at_1, 0)::float8 AS mean_6h,
      (p.s_2_at_0 - p.s_2_at_2)::float8 / nullif(p.n_2_at_0 - p.n_2_at_2, 0)::float8 AS mean_2d,
      (p.s_2_at_0 - p.s_2_at_3)::float8 / nullif(p.n_2_at_0 - p.n_2_at_3, 0)::float8 AS mean_1w
    FROM
      (
        SELECT
          r.place,
          r.as_of,
          max(r.n_1) FILTER (WHERE r.edge = 0) AS n_1_at_0,
          max(r.n_1) FILTER (WHERE r.edge = 1) AS n_1_at_1,
          max(r.n_1) FILTER (WHERE r.edge = 2) AS n_1_at_2,
          max(r.n_1) FILTER (WHERE r.edge = 3) AS n_1_at_3,
          max(r.n_2) FILTER (WHERE r.edge = 0) AS n_2_at_0,
          max(r.n_2) FILTER (WHERE r.edge = 1) AS n_2_at_1,
          max(r.n_2) FILTER (WHERE r.edge = 2) AS n_2_at_2,
          max(r.n_2) FILTER (WHERE r.edge = 3) AS n_2_at_3,
          max(r.s_2) FILTER (WHERE r.edge = 0) AS s_2_at_0,
          max(r.s_2) FILTER (WHERE r.edge = 1) AS s_2_at_1,
          max(r.s_2) FILTER (WHERE r.edge = 2) AS s_2_at_2,
          max(r.s_2) FILTER (WHERE r.edge = 3) AS s_2_at_3
        FROM
          (
            SELECT
              u.place,
              u.as_of,
              u.edge,
              count(u.v_1) OVER past AS n_1,
              count(u.v_2) OVER past AS n_2,
              coalesce(sum(u.v_2) OVER past, 0) AS s_2
            FROM
              (
                SELECT
                  e.place AS place,
                  e.at AS at,
                  NULL::timestamptz AS as_of,
                  NULL::int4 AS edge,
                  1 AS v_1,
                  e.amount AS v_2
                FROM
                  readings AS e
                UNION ALL
                SELECT
                  s.place,
                  s.as_of,
                  s.as_of,
                  0,
                  NULL::int4,
                  NULL::int4
                FROM
                  _spine_place AS s
                UNION ALL
                SELECT
                  s.place,
                  s.as_of - interval '6 hours',
                  s.as_of,
                  1,
                  NULL::int4,
                  NULL::int4
                FROM
                  _spine_place AS s
                UNION ALL
                SELECT
                  s.place,
                  s.as_of - interval '48 hours',
                  s.as_of,
                  2,
                  NULL::int4,
                  NULL::int4
                FROM
                  _spine_place AS s
                UNION ALL
                SELECT
                  s.place,
                  s.as_of - interval '168 hours',
                  s.as_of,
                  3,
                  NULL::int4,
                  NULL::int4
                FROM
                  _spine_place AS s
              ) AS u
            WINDOW
              past AS (
                PARTITION BY
                  u.place
                ORDER BY
                  u.at,
                  u.edge NULLS LAST ROWS UNBOUNDED PRECEDING
              )
          ) AS r
        WHERE
          r.edge IS NOT NULL
        GROUP BY
          r.place,
          r.as_of
      ) AS p
  ),
  known_known AS (
    SELECT
      s.place,
      s.as_of,
      count(e.at) FILTER (WHERE e.at >= s.as_of - interval '6 hours') AS n_6h,
      count(e.at) FILTER (WHERE e.at >= s.as_of - interval '48 hours') AS n_2d,
      count(e.at) AS n_1w,
      (
        sum(e.amount) FILTER (WHERE e.at >= s.as_of - interval '6 hours')
      )::float8 AS total_6h,
      (
        sum(e.amount) FILTER (WHERE e.at >= s.as_of - interval '48 hours')
      )::float8 AS total_2d,
      (sum(e.amount))::float8 AS total_1w,
      (
        sum(e.amount) FILTER (WHERE e.at >= s.as_of - interval '6 hours')
      )::float8 / nullif(
        count(e.amount) FILTER (WHERE e.at >= s.as_of - interval '6 hours'),
        0
      )::float8 AS mean_6h,
      (
        sum(e.amount) FILTER (WHERE e.at >= s.as_of - interval '48 hours')
      )::float8 / nullif(
        count(e.amount) FILTER (WHERE e.at >= s.as_of - interval '48 hours'),
        0
      )::float8 AS mean_2d,
      (sum(e.amount))::float8 / nullif(count(e.amount), 0)::float8 AS mean_1w
    FROM
      _spine_place AS s
      LEFT JOIN readings AS e ON e.place = s.place
      AND e.at >= s.as_of - interval '168 hours'
      AND e.at < s.as_of
      AND e.known_at < s.as_of
    GROUP BY
      s.place,
      s.as_of
  ),
  trend AS (
    select
      spine.place,
      spine.as_of,
      max(r.amount) as peak,
      min(r.amount) as trough
    from
      _spine_place as spine
      left join readings as r on r.place = spine.place
      and r.at < spine.as_of
      and r.known_at < spine.as_of
    group by
      spine.place,
      spine.as_of
  ),
  wanted AS (
    select
      question,
      wanted
    from
      questions
  )
SELECT
  asked.question,
  asked.place,
  asked.as_of,
  profile.region,
  profile.size::float8 AS size,
  coalesce(totals.n_6h::float8, 0::float8) AS n_6h,
  coalesce(totals.n_2d::float8, 0::float8) AS n_2d,
  coalesce(totals.n_1w::float8, 0::float8) AS n_1w,
  totals.total_6h,
  totals.total_2d,
  totals.total_1w,
  totals.mean_6h,
  totals.mean_2d,
  totals.mean_1w,
  coalesce(known_known.n_6h::float8, 0::float8) AS known_n_6h,
  coalesce(known_known.n_2d::float8, 0::float8) AS known_n_2d,
  coalesce(known_known.n_1w::float8, 0::float8) AS known_n_1w,
  known_known.total_6h AS known_total_6h,
  known_known.total_2d AS known_total_2d,
  known_known.total_1w AS known_total_1w,
  known_known.mean_6h AS known_mean_6h,
  known_known.mean_2d AS known_mean_2d,
  known_known.mean_1w AS known_mean_1w,
  trend.peak::float8 AS peak,
  trend.trough::float8 AS trough,
  wanted.wanted
FROM
  asked
  LEFT JOIN profile ON profile.place = asked.place
  LEFT JOIN totals ON totals.place = asked.place
  AND totals.as_of = asked.as_of
  LEFT JOIN known_known ON known_known.place = asked.place
  AND known_known.as_of = asked.as_of
  LEFT JOIN trend ON trend.place = asked.place
  AND trend.as_of = asked.as_of
  LEFT JOIN wanted ON wanted.question = asked.question
