-- Prediction query of model "wanted", written by viewcast.
--
-- model        wanted version 1, logistic, trained 2026-01-01T00:00:00.000Z
-- digest       9374dc2c62bde848 (SHA-256 of the model record)
-- dataset      d, 1 training rows, query ffffffffffff
-- inputs       mean_2d, n_1w, peak, region
-- probability  probability of wanted, 0 to 1
-- asked for    each row of places
-- as of        2024-03-08 12:00:00+00; edit _as_of to ask for another instant
-- dialect      citus: one distributed plan; plain PostgreSQL gives the same rows
WITH
  _as_of AS NOT MATERIALIZED (
    SELECT
      timestamptz '2024-03-08 12:00:00+00' AS as_of
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
      region
    from
      places
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
      count(e.at) AS n_1w,
      (
        sum(e.amount) FILTER (WHERE e.at >= s.as_of - interval '48 hours')
      )::float8 / nullif(
        count(e.amount) FILTER (WHERE e.at >= s.as_of - interval '48 hours'),
        0
      )::float8 AS mean_2d
    FROM
      _spine_place AS s
      LEFT JOIN readings AS e ON e.place = s.place
      AND e.at >= s.as_of - interval '168 hours'
      AND e.at < s.as_of
    GROUP BY
      s.place,
      s.as_of
  ),
  trend AS NOT MATERIALIZED (
    select
      spine.place,
      spine.as_of,
      max(r.amount) as peak
    from
      _spine_place as spine
      left join readings as r on r.place = spine.place
      and r.at < spine.as_of
      and r.known_at < spine.as_of
    group by
      spine.place,
      spine.as_of
  ),
  _features AS NOT MATERIALIZED (
    SELECT
      _spine.place,
      _spine.as_of,
      profile.region,
      coalesce(totals.n_1w::float8, 0::float8) AS n_1w,
      totals.mean_2d,
      trend.peak::float8 AS peak
    FROM
      _spine
      LEFT JOIN profile ON profile.place = _spine.place
      LEFT JOIN totals ON totals.place = _spine.place
      AND totals.as_of = _spine.as_of
      LEFT JOIN trend ON trend.place = _spine.place
      AND trend.as_of = _spine.as_of
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
          1.40625::float8 + CASE
            WHEN abs(f.mean_2d) >= 1e-150::float8
            AND abs(f.mean_2d) <= 1e+150::float8 THEN 0.1875::float8 * f.mean_2d
            WHEN abs(f.mean_2d) < 1e-150::float8 THEN 0::float8
            ELSE 0.09375::float8
          END + CASE
            WHEN f.n_1w IS NULL THEN '-2'::float8
            ELSE '-0.16666666666666666'::float8 * f.n_1w
          END + CASE
            WHEN f.peak IS NULL THEN 0.25::float8
            ELSE 0.025::float8 * f.peak
          END + CASE
            WHEN f.region = 'south' THEN 1.5::float8
            WHEN f.region = 'o''hare' THEN '-2'::float8
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
  _score AS s
