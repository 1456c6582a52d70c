-- Prediction function of model "risk", written by viewcast.
--
-- model        risk version 1, logistic, trained 2026-01-01T00:00:00.000Z
-- digest       a84b391bf0f8d31c (SHA-256 of the model record)
-- dataset      d, 1 training rows, query ffffffffffff
-- inputs       size, n_6h, mean_2d, known_total_1w, level
-- probability  probability of wanted, 0 to 1
-- asked for    the place given; a key that places does not have gives no row
-- as of        the instant given; the start of the transaction when none is
-- dialect      citus: one distributed plan; plain PostgreSQL gives the same rows
-- call         select * from predict_risk(place, as_of), with constants
CREATE OR REPLACE FUNCTION predict_risk (p_place text, p_as_of timestamptz DEFAULT now())
RETURNS TABLE (place text, as_of timestamptz, probability float8)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1
SET search_path = public, pg_temp
AS $viewcast$
#variable_conflict use_column
BEGIN
RETURN QUERY
WITH
  _spine AS NOT MATERIALIZED (
    SELECT
      e.place,
      k.as_of
    FROM
      (
        SELECT
          e.place
        FROM
          public.places AS e
      ) AS e
      CROSS JOIN (
        VALUES
          ($1::text, $2::timestamptz)
      ) AS k (place, as_of)
    WHERE
      e.place = $1::text
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
  s.place::text AS place,
  s.as_of::timestamptz AS as_of,
  CASE
    WHEN abs(s._linear) <= 708::float8 THEN 1::float8 / (1::float8 + exp(- s._linear))
    WHEN s._linear < 0::float8 THEN 0::float8
    WHEN s._linear <= 'Infinity'::float8 THEN 1::float8
  END AS probability
FROM
  _score AS s;
END
$viewcast$;

COMMENT ON FUNCTION predict_risk (text, timestamptz) IS 'viewcast: model risk version 1, training query ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff';
