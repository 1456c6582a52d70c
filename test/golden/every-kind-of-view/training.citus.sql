-- Training query of dataset "everything", written by viewcast.
--
-- sample    asked: one row per sample row, whatever the views return
-- features  tied, fresh, arrived, rich, quiet_places
-- target    next
-- as of     each row sees only what was there before its own as_of
-- outcome   in [as_of, as_of + 1 day); _censored tells the rows whose outcome is not complete
-- split     by time: test from 2024-03-07T00:00Z; before each, 24 hours purged, because outcomes of
--           those rows reach into it
-- dialect   citus: one distributed plan; plain PostgreSQL gives the same rows
WITH
  asked AS NOT MATERIALIZED (
    select
      question,
      place,
      as_of
    from
      questions
  ),
  _spine_place AS NOT MATERIALIZED (
    SELECT DISTINCT
      asked.place,
      asked.as_of
    FROM
      asked
  ),
  v0_tied AS NOT MATERIALIZED (
    SELECT
      r.place,
      r.as_of,
      r.known_at,
      r.level
    FROM
      (
        SELECT
          s.place,
          s.as_of,
          h.known_at,
          h.level,
          row_number() OVER (
            PARTITION BY
              s.place,
              s.as_of
            ORDER BY
              h.at DESC,
              h.id DESC NULLS LAST
          ) AS _row_of_key
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
      ) AS r
    WHERE
      r._row_of_key = 1
  ),
  v1_fresh AS NOT MATERIALIZED (
    SELECT
      r.place,
      r.as_of,
      r.known_at,
      r.id,
      r.level
    FROM
      (
        SELECT
          s.place,
          s.as_of,
          h.known_at,
          h.id,
          h.level,
          row_number() OVER (
            PARTITION BY
              s.place,
              s.as_of
            ORDER BY
              h.at DESC,
              h.known_at,
              h.id,
              h.level
          ) AS _row_of_key
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
      ) AS r
    WHERE
      r._row_of_key = 1
  ),
  v2_arrived AS NOT MATERIALIZED (
    SELECT
      r.place,
      r.as_of,
      r.id,
      r.level
    FROM
      (
        SELECT
          s.place,
          s.as_of,
          h.id,
          h.level,
          row_number() OVER (
            PARTITION BY
              s.place,
              s.as_of
            ORDER BY
              h.at DESC,
              h.known_at,
              h.id,
              h.level
          ) AS _row_of_key
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
      ) AS r
    WHERE
      r._row_of_key = 1
  ),
  v3_rich AS NOT MATERIALIZED (
    SELECT
      s.place,
      s.as_of,
      count(DISTINCT e.amount) FILTER (WHERE e.at >= s.as_of - interval '24 hours') AS kinds_1d,
      count(DISTINCT e.amount) AS kinds_ever,
      (
        stddev_samp(e.amount) FILTER (WHERE e.at >= s.as_of - interval '24 hours')
      )::float8 AS spread_1d,
      (stddev_samp(e.amount))::float8 AS spread_ever,
      (
        array_agg(
          e.level
          ORDER BY
            e.at,
            e.level,
            e.amount
        ) FILTER (WHERE e.at >= s.as_of - interval '24 hours')
      ) [1] AS first_1d,
      (
        array_agg(
          e.level
          ORDER BY
            e.at,
            e.level,
            e.amount
        )
      ) [1] AS first_ever,
      (
        array_agg(
          e.amount
          ORDER BY
            e.at DESC NULLS LAST,
            e.level DESC NULLS LAST,
            e.amount DESC NULLS LAST
        ) FILTER (WHERE e.at >= s.as_of - interval '24 hours')
      ) [1] AS last_1d,
      (
        array_agg(
          e.amount
          ORDER BY
            e.at DESC NULLS LAST,
            e.level DESC NULLS LAST,
            e.amount DESC NULLS LAST
        )
      ) [1] AS last_ever,
      count(e.at) FILTER (WHERE e.at >= s.as_of - interval '24 hours' AND e.level > 7::float8) AS high_1d,
      count(e.at) FILTER (WHERE e.level > 7::float8) AS high_ever,
      (
        count(e.at) FILTER (WHERE e.at >= s.as_of - interval '24 hours' AND e.amount > 0)
      )::float8 / nullif(
        (
          count(e.at) FILTER (WHERE e.at >= s.as_of - interval '24 hours')
        )::float8,
        0
      ) AS share_1d,
      (
        count(e.at) FILTER (WHERE e.amount > 0)
      )::float8 / nullif((count(e.at))::float8, 0) AS share_ever
    FROM
      _spine_place AS s
      LEFT JOIN readings AS e ON e.place = s.place
      AND e.at < s.as_of
    GROUP BY
      s.place,
      s.as_of
  ),
  loud AS NOT MATERIALIZED (
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
  quiet_places AS NOT MATERIALIZED (
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
  next AS NOT MATERIALIZED (
    SELECT
      s.place,
      s.as_of,
      count(e.at) > 0 AS seen,
      (max(e.level))::float8 AS level
    FROM
      _spine_place AS s
      LEFT JOIN public.readings AS e ON e.place = s.place
      AND e.at >= s.as_of
      AND e.at < s.as_of + interval '24 hours'
    GROUP BY
      s.place,
      s.as_of
  ),
  -- The last instant whose outcome is complete.
  _complete AS NOT MATERIALIZED (
    SELECT
      max(e.at) - interval '24 hours' AS until
    FROM
      public.readings AS e
    WHERE
      e.at < timestamptz 'infinity'
  )
SELECT
  asked.question,
  asked.place,
  asked.as_of,
  extract(epoch FROM v0_tied.known_at)::float8 / 86400::float8 AS v0_known_at,
  v0_tied.level AS v0_level,
  extract(epoch FROM v1_fresh.known_at)::float8 / 86400::float8 AS v1_known_at,
  v1_fresh.id::float8 AS v1_id,
  v1_fresh.level AS v1_level,
  v2_arrived.id::float8 AS v2_id,
  v2_arrived.level AS v2_level,
  coalesce(v3_rich.kinds_1d::float8, 0::float8) AS v3_kinds_1d,
  coalesce(v3_rich.kinds_ever::float8, 0::float8) AS v3_kinds_ever,
  v3_rich.spread_1d AS v3_spread_1d,
  v3_rich.spread_ever AS v3_spread_ever,
  v3_rich.first_1d AS v3_first_1d,
  v3_rich.first_ever AS v3_first_ever,
  v3_rich.last_1d::float8 AS v3_last_1d,
  v3_rich.last_ever::float8 AS v3_last_ever,
  coalesce(v3_rich.high_1d::float8, 0::float8) AS v3_high_1d,
  coalesce(v3_rich.high_ever::float8, 0::float8) AS v3_high_ever,
  v3_rich.share_1d AS v3_share_1d,
  v3_rich.share_ever AS v3_share_ever,
  quiet_places.quiet::float8 AS v4_quiet,
  next.seen,
  next.level,
  CASE
    WHEN asked.as_of >= timestamptz '2024-03-07 00:00:00+00' THEN 'test'
    WHEN asked.as_of <= timestamptz '2024-03-06 00:00:00+00' THEN 'train'
    ELSE null::text
  END AS _split,
  CASE
    WHEN asked.as_of <= _complete.until THEN false
    ELSE true
  END AS _censored
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
  LEFT JOIN next ON next.place = asked.place
  AND next.as_of = asked.as_of
  CROSS JOIN _complete
