-- Prediction query of model "next", written by viewcast.
--
-- model       next version 1, linear, trained 2026-01-01T00:00:00.000Z
-- digest      4b9be85056187864 (SHA-256 of the model record)
-- dataset     d, 1 training rows, query ffffffffffff
-- inputs      v0_level, v1_level
-- prediction  expected wanted
-- asked for   each row of places
-- as of       2024-03-08 12:00:00+00; edit _as_of to ask for another instant
WITH
  _as_of AS (
    SELECT
      timestamptz '2024-03-08 12:00:00+00' AS as_of
  ),
  _spine AS (
    SELECT
      k.place,
      _as_of.as_of
    FROM
      places AS k
      CROSS JOIN _as_of
  ),
  _spine_place AS (
    SELECT DISTINCT
      _spine.place,
      _spine.as_of
    FROM
      _spine
  ),
  v0_tied AS (
    SELECT
      f.k_1 AS place,
      f.at AS as_of,
      f.c_1 AS level
    FROM
      (
        SELECT
          g.k_1,
          g.at,
          g.asked,
          g.n,
          first_value(g.c_1) OVER latest AS c_1
        FROM
          (
            SELECT
              u.*,
              count(*) FILTER (WHERE NOT u.asked) OVER past AS n
            FROM
              (
                SELECT
                  h.place AS k_1,
                  h.at AS at,
                  false AS asked,
                  h.id AS t_1,
                  h.level AS c_1
                FROM
                  (
                    select
                      place,
                      at,
                      id,
                      level
                    from
                      readings
                    where
                      place is not null
                  ) AS h
                WHERE
                  h.at IS NOT NULL
                  AND h.place IS NOT NULL
                UNION ALL
                SELECT
                  s.place,
                  s.as_of,
                  true,
                  NULL,
                  NULL
                FROM
                  _spine_place AS s
              ) AS u
            WINDOW
              past AS (
                PARTITION BY
                  u.k_1
                ORDER BY
                  u.at,
                  u.asked DESC,
                  u.t_1 NULLS FIRST ROWS UNBOUNDED PRECEDING
              )
          ) AS g
        WINDOW
          latest AS (
            PARTITION BY
              g.k_1,
              g.n
            ORDER BY
              g.asked ROWS UNBOUNDED PRECEDING
          )
      ) AS f
    WHERE
      f.asked
      AND f.n > 0
  ),
  fresh AS (
    SELECT
      h.place,
      h.at AS _from,
      lead(h.at) OVER (
        PARTITION BY
          h.place
        ORDER BY
          h.at,
          h.known_at DESC,
          h.id DESC,
          h.level DESC
      ) AS _until,
      h.at + interval '12 hours' AS _stale,
      h.level
    FROM
      (
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
      ) AS h
    WHERE
      h.at IS NOT NULL
  ),
  _features AS (
    SELECT
      _spine.place,
      _spine.as_of,
      v0_tied.level AS v0_level,
      fresh.level AS v1_level
    FROM
      _spine
      LEFT JOIN v0_tied ON v0_tied.place = _spine.place
      AND v0_tied.as_of = _spine.as_of
      LEFT JOIN fresh ON fresh.place = _spine.place
      AND fresh._from < _spine.as_of
      AND (
        fresh._until IS NULL
        OR _spine.as_of <= fresh._until
      )
      AND _spine.as_of < fresh._stale
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
