-- Prediction query of model "next", written by viewcast.
--
-- model       next version 1, linear, trained 2026-01-01T00:00:00.000Z
-- digest      c3e69bfd52af3f52 (SHA-256 of the model record)
-- dataset     d, 1 training rows, query ffffffffffff
-- inputs      cell_size, urgency
-- prediction  expected wanted
-- asked for   2 keys of place
-- as of       2024-03-08 12:00:00+00; edit _as_of to ask for another instant
WITH
  _as_of AS (
    SELECT
      timestamptz '2024-03-08 12:00:00+00' AS as_of
  ),
  _spine AS (
    SELECT
      k.place,
      k.region,
      k.urgency,
      _as_of.as_of
    FROM
      (
        VALUES
          ('a', 'north', 0.5::float8),
          ('a', 'south', null::float8)
      ) AS k (place, region, urgency)
      CROSS JOIN _as_of
  ),
  by_cell AS (
    select
      place,
      region,
      size as cell_size
    from
      places
  ),
  _features AS (
    SELECT
      _spine.place,
      _spine.as_of,
      by_cell.cell_size::float8 AS cell_size,
      _spine.urgency
    FROM
      _spine
      LEFT JOIN by_cell ON by_cell.place = _spine.place
      AND by_cell.region = _spine.region
  ),
  -- The linear predictor, computed once per row; encoders and coefficients are folded into one term per input.
  _score AS (
    SELECT
      f.place,
      f.as_of,
      0.5::float8 + CASE
        WHEN f.cell_size IS NULL THEN 0::float8
        ELSE 1::float8 * f.cell_size
      END + CASE
        WHEN abs(f.urgency) >= 1e-150::float8
        AND abs(f.urgency) <= 1e+150::float8 THEN 1::float8 * f.urgency
        WHEN abs(f.urgency) < 1e-150::float8 THEN 0::float8
        ELSE 0::float8
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
