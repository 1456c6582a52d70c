-- Prediction query of model "next", written by viewcast.
--
-- model       next version 1, linear, trained 2026-01-01T00:00:00.000Z
-- digest      6e79b16c8c0da067 (SHA-256 of the model record)
-- dataset     d, 1 training rows, query ffffffffffff
-- inputs      v0_level, v1_level, v2_level, v3_spread_ever, v3_share_1d, v4_quiet
-- prediction  expected wanted
-- asked for   each row of sample "asked"
-- as of       each sample row's own as_of
WITH
  asked AS (
    select
      question,
      place,
      as_of
    from
      questions
  ),
  _spine_place AS (
    SELECT DISTINCT
      asked.place,
      asked.as_of
    FROM
      asked
  ),
  v0_tied AS (
    SELECT DISTINCT ON (s.place, s.as_of) s.place,
      s.as_of,
      h.level
    FROM
      _spine_place AS s
      JOIN (
        select
          place,
          at,
          id,
          level
        from
          readings
        where
          place is not null
      ) AS h ON h.place = s.place
      AND h.at < s.as_of
    ORDER BY
      s.place,
      s.as_of,
      h.at DESC,
      h.id DESC NULLS LAST
  ),
  v1_fresh AS (
    SELECT DISTINCT ON (s.place, s.as_of) s.place,
      s.as_of,
      h.level
    FROM
      _spine_place AS s
      JOIN (
        select
          place,
          at,
          known_at,
          id,
          level
        from
          readings
        where
          place is not null
      ) AS h ON h.place = s.place
      AND h.at < s.as_of
      AND h.at > s.as_of - interval '12 hours'
    ORDER BY
      s.place,
      s.as_of,
      h.at DESC,
      h.known_at,
      h.id,
      h.level
  ),
  v2_arrived AS (
    SELECT DISTINCT ON (s.place, s.as_of) s.place,
      s.as_of,
      h.level
    FROM
      _spine_place AS s
      JOIN (
        select
          place,
          at,
          known_at,
          id,
          level
        from
          readings
        where
          place is not null
      ) AS h ON h.place = s.place
      AND h.at < s.as_of
      AND h.known_at < s.as_of
    ORDER BY
      s.place,
      s.as_of,
      h.at DESC,
      h.known_at,
      h.id,
      h.level
  ),
  v3_rich AS (
    SELECT
      s.place,
      s.as_of,
      (stddev_samp(e.amount))::float8 AS spread_ever,
      (
        count(e.at) FILTER (WHERE e.at >= s.as_of - interval '24 hours' AND e.amount > 0)
      )::float8 / nullif(
        (
          count(e.at) FILTER (WHERE e.at >= s.as_of - interval '24 hours')
        )::float8,
        0
      ) AS share_1d
    FROM
      _spine_place AS s
      LEFT JOIN readings AS e ON e.place = s.place
      AND e.at < s.as_of
    GROUP BY
      s.place,
      s.as_of
  ),
  loud AS (
    WITH
      w AS (
        SELECT
          readings.place,
          readings.level,
          row_number() OVER (
            PARTITION BY
              readings.place
            ORDER BY
              readings.level DESC,
              readings.id
          ) AS n
        FROM
          public.readings
      )
    SELECT
      w.place,
      w.level
    FROM
      (
        w
        JOIN public.places l ON ((l.place = w.place))
      )
    WHERE
      (w.n <= 3)
  ),
  quiet_places AS (
    SELECT
      p.place,
      COALESCE(q.quiet, 0) AS quiet
    FROM
      (
        public.places p
        LEFT JOIN (
          SELECT
            r.place,
            (count(*))::integer AS quiet
          FROM
            (
              SELECT
                readings.place
              FROM
                public.readings
              EXCEPT ALL
              SELECT
                loud.place
              FROM
                loud
            ) r
          GROUP BY
            r.place
        ) q USING (place)
      )
  ),
  _features AS (
    SELECT
      asked.place,
      asked.as_of,
      v0_tied.level AS v0_level,
      v1_fresh.level AS v1_level,
      v2_arrived.level AS v2_level,
      v3_rich.spread_ever AS v3_spread_ever,
      v3_rich.share_1d AS v3_share_1d,
      quiet_places.quiet::float8 AS v4_quiet
    FROM
      asked
      LEFT JOIN v0_tied ON v0_tied.place = asked.place
      AND v0_tied.as_of = asked.as_of
      LEFT JOIN v1_fresh ON v1_fresh.place = asked.place
      AND v1_fresh.as_of = asked.as_of
      LEFT JOIN v2_arrived ON v2_arrived.place = asked.place
      AND v2_arrived.as_of = asked.as_of
      LEFT JOIN v3_rich ON v3_rich.place = asked.place
      AND v3_rich.as_of = asked.as_of
      LEFT JOIN quiet_places ON quiet_places.place = asked.place
  ),
  -- The linear predictor, computed once per row; encoders and coefficients are folded into one term per input.
  _score AS (
    SELECT
      f.place,
      f.as_of,
      0.5::float8 + CASE
        WHEN abs(f.v0_level) >= 1e-150::float8
        AND abs(f.v0_level) <= 1e+150::float8 THEN 1::float8 * f.v0_level
        WHEN abs(f.v0_level) < 1e-150::float8 THEN 0::float8
        ELSE 0::float8
      END + CASE
        WHEN abs(f.v1_level) >= 1e-150::float8
        AND abs(f.v1_level) <= 1e+150::float8 THEN 1::float8 * f.v1_level
        WHEN abs(f.v1_level) < 1e-150::float8 THEN 0::float8
        ELSE 0::float8
      END + CASE
        WHEN abs(f.v2_level) >= 1e-150::float8
        AND abs(f.v2_level) <= 1e+150::float8 THEN 1::float8 * f.v2_level
        WHEN abs(f.v2_level) < 1e-150::float8 THEN 0::float8
        ELSE 0::float8
      END + CASE
        WHEN abs(f.v3_spread_ever) >= 1e-150::float8
        AND abs(f.v3_spread_ever) <= 1e+150::float8 THEN 1::float8 * f.v3_spread_ever
        WHEN abs(f.v3_spread_ever) < 1e-150::float8 THEN 0::float8
        ELSE 0::float8
      END + CASE
        WHEN abs(f.v3_share_1d) >= 1e-150::float8
        AND abs(f.v3_share_1d) <= 1e+150::float8 THEN 1::float8 * f.v3_share_1d
        WHEN abs(f.v3_share_1d) < 1e-150::float8 THEN 0::float8
        ELSE 0::float8
      END + CASE
        WHEN f.v4_quiet IS NULL THEN 0::float8
        ELSE 1::float8 * f.v4_quiet
      END AS _linear
    FROM
      _features AS f
    OFFSET 0
  )
SELECT
  s.place,
  s.as_of,
  s._linear AS prediction
FROM
  _score AS s
