-- Prediction query of model "wanted", written by viewcast.
--
-- model               wanted version 1, multinomial, trained 2026-01-01T00:00:00.000Z
-- digest              96071e7364fc7d22 (SHA-256 of the model record)
-- dataset             d, 1 training rows, query ffffffffffff
-- inputs              size, n_1w, region
-- label               wanted: the class of the highest score, the first of equal ones
-- probability_low     probability that wanted is low, 0 to 1
-- probability_mid     probability that wanted is mid, 0 to 1
-- probability_o'high  probability that wanted is o'high, 0 to 1
-- asked for           5 keys of place
-- as of               2024-03-08 12:00:00+00; edit _as_of to ask for another instant
WITH
  _as_of AS (
    SELECT
      timestamptz '2024-03-08 12:00:00+00' AS as_of
  ),
  _spine AS NOT MATERIALIZED (
    SELECT
      k.place,
      _as_of.as_of
    FROM
      (
        VALUES
          ('a'),
          ('b'),
          ('o''c'),
          ('é'),
          ('nowhere')
      ) AS k (place)
      CROSS JOIN _as_of
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
      _spine.place,
      _spine.as_of
    FROM
      _spine
  ),
  totals AS (
    SELECT
      s.place,
      s.as_of,
      count(e.at) AS n_1w
    FROM
      _spine_place AS s
      LEFT JOIN readings AS e ON e.place = s.place
      AND e.at >= s.as_of - interval '168 hours'
      AND e.at < s.as_of
    GROUP BY
      s.place,
      s.as_of
  ),
  _features AS (
    SELECT
      _spine.place,
      _spine.as_of,
      profile.region,
      profile.size::float8 AS size,
      coalesce(totals.n_1w::float8, 0::float8) AS n_1w
    FROM
      _spine
      LEFT JOIN profile ON profile.place = _spine.place
      LEFT JOIN totals ON totals.place = _spine.place
      AND totals.as_of = _spine.as_of
  ),
  -- The weights of each level of region.
  _lookup_1 AS (
    SELECT
      l.level,
      l.weight,
      l.weight_2
    FROM
      (
        VALUES
          ('south', 0.125::float8, '-0.125'::float8),
          ('o''hare', 0.25::float8, '-0.25'::float8),
          ('north', 0.375::float8, '-0.375'::float8),
          ('region 1', 0.5::float8, '-0.5'::float8),
          ('region 2', 0.625::float8, '-0.625'::float8),
          ('region 3', 0.75::float8, '-0.75'::float8),
          ('region 4', 0.875::float8, '-0.875'::float8),
          ('region 5', 1::float8, '-1'::float8),
          ('region 6', 1.125::float8, '-1.125'::float8),
          ('region 7', 1.25::float8, '-1.25'::float8),
          ('region 8', 1.375::float8, '-1.375'::float8)
      ) AS l (level, weight, weight_2)
  ),
  -- The linear predictor, computed once per row; encoders and coefficients are folded into one term per input.
  _score AS (
    SELECT
      f.place,
      f.as_of,
      0::float8 AS _linear_1,
      '-0.375'::float8 + CASE
        WHEN f.size IS NULL THEN 1::float8
        ELSE 0.25::float8 * f.size
      END + CASE
        WHEN f.n_1w IS NULL THEN '-0.375'::float8
        ELSE '-0.03125'::float8 * f.n_1w
      END + coalesce(_lookup_1.weight, 0::float8) AS _linear_2,
      1.125::float8 + CASE
        WHEN f.size IS NULL THEN '-1'::float8
        ELSE '-0.25'::float8 * f.size
      END + CASE
        WHEN f.n_1w IS NULL THEN '-0.375'::float8
        ELSE '-0.03125'::float8 * f.n_1w
      END + coalesce(_lookup_1.weight_2, 0::float8) AS _linear_3
    FROM
      _features AS f
      LEFT JOIN _lookup_1 ON _lookup_1.level = f.region COLLATE "C"
    OFFSET 0
  ),
  _score_2 AS (
    SELECT
      s.place,
      s.as_of,
      s._linear_1,
      s._linear_2,
      s._linear_3,
      CASE
        WHEN abs(s._linear_1 + s._linear_2 + s._linear_3) < 'Infinity'::float8 THEN greatest(s._linear_1, s._linear_2, s._linear_3)
        ELSE null::float8
      END AS _top
    FROM
      _score AS s
    OFFSET 0
  ),
  _score_3 AS (
    SELECT
      s.place,
      s.as_of,
      s._linear_1,
      s._linear_2,
      s._linear_3,
      s._top,
      CASE
        WHEN s._linear_1 + - s._top >= '-700'::float8 THEN exp(s._linear_1 + - s._top)
        WHEN s._linear_1 + - s._top < '-700'::float8 THEN 0::float8
        ELSE null::float8
      END AS _share_1,
      CASE
        WHEN s._linear_2 + - s._top >= '-700'::float8 THEN exp(s._linear_2 + - s._top)
        WHEN s._linear_2 + - s._top < '-700'::float8 THEN 0::float8
        ELSE null::float8
      END AS _share_2,
      CASE
        WHEN s._linear_3 + - s._top >= '-700'::float8 THEN exp(s._linear_3 + - s._top)
        WHEN s._linear_3 + - s._top < '-700'::float8 THEN 0::float8
        ELSE null::float8
      END AS _share_3
    FROM
      _score_2 AS s
    OFFSET 0
  ),
  _score_4 AS (
    SELECT
      s.place,
      s.as_of,
      s._linear_1,
      s._linear_2,
      s._linear_3,
      s._top,
      s._share_1,
      s._share_2,
      s._share_3,
      s._share_1 + s._share_2 + s._share_3 AS _shares
    FROM
      _score_3 AS s
    OFFSET 0
  )
SELECT
  s.place,
  s.as_of,
  CASE
    WHEN s._linear_1 = s._top THEN 'low'
    WHEN s._linear_2 = s._top THEN 'mid'
    WHEN s._linear_3 = s._top THEN 'o''high'
    ELSE null::text
  END AS label,
  s._share_1 / s._shares AS probability_low,
  s._share_2 / s._shares AS probability_mid,
  s._share_3 / s._shares AS "probability_o'high"
FROM
  _score_4 AS s
