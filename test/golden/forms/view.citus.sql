-- Prediction view of model "risk", written by viewcast.
--
-- model        risk version 1, logistic, trained 2026-01-01T00:00:00.000Z
-- digest       a84b391bf0f8d31c (SHA-256 of the model record)
-- dataset      d, 1 training rows, query ffffffffffff
-- inputs       size, n_6h, mean_2d, known_total_1w, level
-- probability  probability of wanted, 0 to 1
-- asked for    each row of places
-- as of        the start of the transaction
-- dialect      citus: one distributed plan; plain PostgreSQL gives the same rows
CREATE OR REPLACE VIEW risk WITH (security_invoker = true) AS
WITH
  _as_of AS NOT MATERIALIZED (
    SELECT
      (
        SELECT
          now()
      ) AS as_of
  ),
  _spine AS NOT MATERIALIZED (
    SELECT
      k.place,
      _as_of.as_of
    FROM
      places AS k
      CROSS JOIN _as_of
  ),
  profile AS NOT MATERIALIZED (
    select
      place,
      size
    from
      public.places
  ),
  _spine_place AS NOT MATERIALIZED (
    SELECT DISTINCT
      _spine.place,
      _spine.as_of
    FROM
      _spine
  ),
  totals AS NOT MATERIALIZED (
    SELECT
      s.place,
      s.as_of,
      l.n_6h,
      l.mean_2d
    FROM
      _spine_place AS s
      LEFT JOIN LATERAL (
        SELECT
          count(e.at) FILTER (WHERE e.at >= s.as_of - interval '6 hours') AS n_6h,
          (sum(e.amount))::float8 / nullif(count(e.amount), 0)::float8 AS mean_2d
        FROM
          public.readings AS e
        WHERE
          e.place = s.place
          AND e.at >= s.as_of - interval '48 hours'
          AND e.at < s.as_of
      ) AS l ON true
  ),
  known_known AS NOT MATERIALIZED (
    SELECT
      s.place,
      s.as_of,
      l.total_1w
    FROM
      _spine_place AS s
      LEFT JOIN LATERAL (
        SELECT
          (sum(e.amount))::float8 AS total_1w
        FROM
          public.readings AS e
        WHERE
          e.place = s.place
          AND e.at >= s.as_of - interval '168 hours'
          AND e.at < s.as_of
          AND e.known_at < s.as_of
      ) AS l ON true
  ),
  _features AS NOT MATERIALIZED (
    SELECT
      _spine.place,
      _spine.as_of,
      profile.size::float8 AS size,
      coalesce(totals.n_6h::float8, 0::float8) AS n_6h,
      totals.mean_2d,
      known_known.total_1w AS known_total_1w,
      level.level
    FROM
      _spine
      LEFT JOIN profile ON profile.place = _spine.place
      LEFT JOIN totals ON totals.place = _spine.place
      AND totals.as_of = _spine.as_of
      LEFT JOIN known_known ON known_known.place = _spine.place
      AND known_known.as_of = _spine.as_of
      LEFT JOIN LATERAL (
        SELECT
          h.level
        FROM
          (
            select
              place,
              at,
              level
            from
              public.readings
          ) AS h
        WHERE
          h.place = _spine.place
          AND h.at < _spine.as_of
        ORDER BY
          h.at DESC,
          h.level
        LIMIT 1
      ) AS level ON true
  ),
  -- The linear predictor, computed once per row; encoders and coefficients are folded into one term per input.
  _score AS NOT MATERIALIZED (
    SELECT
      f.place,
      f.as_of,
      _fence._linear
    FROM
      _features AS f
      CROSS JOIN LATERAL unnest(
        ARRAY[
          '-0.5'::float8 + CASE
            WHEN f.size IS NULL THEN 0::float8
            ELSE 0.3::float8 * f.size
          END + CASE
            WHEN f.n_6h IS NULL THEN 0::float8
            ELSE 0.7::float8 * f.n_6h
          END + CASE
            WHEN abs(f.mean_2d) >= 1e-150::float8
            AND abs(f.mean_2d) <= 1e+150::float8 THEN '-0.11'::float8 * f.mean_2d
            WHEN abs(f.mean_2d) < 1e-150::float8 THEN 0::float8
            ELSE 0::float8
          END + CASE
            WHEN abs(f.known_total_1w) >= 1e-150::float8
            AND abs(f.known_total_1w) <= 1e+150::float8 THEN 0.013::float8 * f.known_total_1w
            WHEN abs(f.known_total_1w) < 1e-150::float8 THEN 0::float8
            ELSE 0::float8
          END + CASE
            WHEN abs(f.level) >= 1e-150::float8
            AND abs(f.level) <= 1e+150::float8 THEN 0.29::float8 * f.level
            WHEN abs(f.level) < 1e-150::float8 THEN 0::float8
            ELSE 0::float8
          END
        ]
      ) AS _fence (_linear)
  )
SELECT
  s.place,
  s.as_of,
  CASE
    WHEN abs(s._linear) <= 708::float8 THEN 1::float8 / (1::float8 + exp(- s._linear))
    WHEN s._linear < 0::float8 THEN 0::float8
    WHEN s._linear <= 'Infinity'::float8 THEN 1::float8
  END AS probability
FROM
  _score AS s;

COMMENT ON VIEW risk IS 'viewcast: model risk version 1, training query ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff';
