-- Prediction function of model "risk", written by viewcast.
--
-- model        risk version 1, logistic, trained 2026-01-01T00:00:00.000Z
-- digest       a84b391bf0f8d31c (SHA-256 of the model record)
-- dataset      d, 1 training rows, query ffffffffffff
-- inputs       size, n_6h, mean_2d, known_total_1w, level
-- probability  probability of wanted, 0 to 1
-- asked for    the inputs given
-- dialect      citus: one distributed plan; plain PostgreSQL gives the same rows
-- call         select predict_risk(size, n_6h, mean_2d, known_total_1w, level)
CREATE OR REPLACE FUNCTION predict_risk (size float8, n_6h float8, mean_2d float8, known_total_1w float8, level float8)
RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
SELECT p.probability FROM (
WITH -- The linear predictor, computed once per row; encoders and coefficients are folded into one term per input.
  _score AS NOT MATERIALIZED (
    SELECT
      _fence._linear
    FROM
      (
        VALUES
          ($1::float8, $2::float8, $3::float8, $4::float8, $5::float8)
      ) AS f (size, n_6h, mean_2d, known_total_1w, level)
      CROSS JOIN LATERAL unnest(
        ARRAY[
          '-0.5'::float8 + CASE
            WHEN abs(f.size) >= 1e-150::float8
            AND abs(f.size) <= 1e+150::float8 THEN 0.3::float8 * f.size
            WHEN abs(f.size) < 1e-150::float8 THEN 0::float8
            ELSE 0::float8
          END + CASE
            WHEN abs(f.n_6h) >= 1e-150::float8
            AND abs(f.n_6h) <= 1e+150::float8 THEN 0.7::float8 * f.n_6h
            WHEN abs(f.n_6h) < 1e-150::float8 THEN 0::float8
            ELSE 0::float8
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
  CASE
    WHEN abs(s._linear) <= 708::float8 THEN 1::float8 / (1::float8 + exp(- s._linear))
    WHEN s._linear < 0::float8 THEN 0::float8
    WHEN s._linear <= 'Infinity'::float8 THEN 1::float8
  END AS probability
FROM
  _score AS s
) AS p);

COMMENT ON FUNCTION predict_risk (float8, float8, float8, float8, float8) IS 'viewcast: model risk version 1, training query ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff';
