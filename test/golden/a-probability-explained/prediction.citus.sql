-- Prediction query of model "wanted", written by viewcast.
--
-- model                      wanted version 1, logistic, trained 2026-01-01T00:00:00.000Z
-- digest                     5ec09b4fdb69b8af (SHA-256 of the model record)
-- dataset                    d, 1 training rows, query ffffffffffff
-- inputs                     mean_2d, n_1w, region
-- probability                probability of wanted, 0 to 1
-- label                      wanted: whether the probability is at least 0.5
-- linear_predictor           linear predictor, before the link
-- baseline                   linear predictor of the mean training row
-- contribution_mean_2d       what mean_2d adds to the linear predictor, from the mean training row
-- contribution_n_1w          what n_1w adds to the linear predictor, from the mean training row
-- contribution_region        what region adds to the linear predictor, from the mean training row
-- contribution_mean_2d:n_1w  what mean_2d:n_1w adds to the linear predictor, from the mean training row
-- reason_1                   the feature that raises the linear predictor most, from the mean training
--                            row
-- reason_2                   the feature that raises the linear predictor next, 2 in rank, from the mean
--                            training row
-- confidence_low             low end of the 90 % confidence interval of the mean of wanted
-- confidence_high            high end of the 90 % confidence interval of the mean of wanted
-- asked for                  each row of places
-- as of                      2024-03-08 12:00:00+00; edit _as_of to ask for another instant
-- dialect                    citus: one distributed plan; plain PostgreSQL gives the same rows
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
  _features AS NOT MATERIALIZED (
    SELECT
      _spine.place,
      _spine.as_of,
      profile.region,
      coalesce(totals.n_1w::float8, 0::float8) AS n_1w,
      totals.mean_2d
    FROM
      _spine
      LEFT JOIN profile ON profile.place = _spine.place
      LEFT JOIN totals ON totals.place = _spine.place
      AND totals.as_of = _spine.as_of
  ),
  -- What each input adds to the linear predictor.
  _terms AS NOT MATERIALIZED (
    SELECT
      f.place,
      f.as_of,
      _fence._term_1_1,
      _fence._term_1_2,
      _fence._term_1_3,
      _fence._term_1_4,
      _fence._x_1,
      _fence._x_2,
      _fence._x_3,
      _fence._x_4,
      _fence._x_5
    FROM
      _features AS f
      CROSS JOIN LATERAL unnest(
        ARRAY[
          CASE
            WHEN abs(f.mean_2d) >= 1e-150::float8
            AND abs(f.mean_2d) <= 1e+150::float8 THEN 0.1875::float8 * f.mean_2d
            WHEN abs(f.mean_2d) < 1e-150::float8 THEN 0::float8
            ELSE 0.09375::float8
          END
        ],
        ARRAY[
          CASE
            WHEN f.n_1w IS NULL THEN '-1.5'::float8
            ELSE '-0.125'::float8 * f.n_1w
          END
        ],
        ARRAY[
          CASE
            WHEN f.region = 'south' THEN 1.5::float8
            WHEN f.region = 'o''hare' THEN '-2'::float8
            ELSE 0::float8
          END
        ],
        ARRAY[
          CASE
            WHEN abs(
              CASE
                WHEN abs(f.mean_2d) <= 1e+150::float8 THEN (f.mean_2d + '-0.5'::float8) / 4::float8
                ELSE 0::float8
              END
            ) < 1e-100::float8 THEN 0::float8
            WHEN CASE
              WHEN abs(f.mean_2d) <= 1e+150::float8 THEN (f.mean_2d + '-0.5'::float8) / 4::float8
              ELSE 0::float8
            END > 1e+100::float8 THEN 1e+100::float8
            WHEN CASE
              WHEN abs(f.mean_2d) <= 1e+150::float8 THEN (f.mean_2d + '-0.5'::float8) / 4::float8
              ELSE 0::float8
            END < '-1e+100'::float8 THEN '-1e+100'::float8
            ELSE CASE
              WHEN abs(f.mean_2d) <= 1e+150::float8 THEN (f.mean_2d + '-0.5'::float8) / 4::float8
              ELSE 0::float8
            END
          END * CASE
            WHEN abs(
              CASE
                WHEN f.n_1w IS NULL THEN 0::float8
                ELSE (f.n_1w + '-12'::float8) / 4::float8
              END
            ) < 1e-100::float8 THEN 0::float8
            ELSE CASE
              WHEN f.n_1w IS NULL THEN 0::float8
              ELSE (f.n_1w + '-12'::float8) / 4::float8
            END
          END * 0.375::float8
        ],
        ARRAY[
          CASE
            WHEN abs(
              CASE
                WHEN abs(f.mean_2d) <= 1e+150::float8 THEN (f.mean_2d + '-0.5'::float8) / 4::float8
                ELSE 0::float8
              END
            ) < 1e-100::float8 THEN 0::float8
            WHEN CASE
              WHEN abs(f.mean_2d) <= 1e+150::float8 THEN (f.mean_2d + '-0.5'::float8) / 4::float8
              ELSE 0::float8
            END > 1e+100::float8 THEN 1e+100::float8
            WHEN CASE
              WHEN abs(f.mean_2d) <= 1e+150::float8 THEN (f.mean_2d + '-0.5'::float8) / 4::float8
              ELSE 0::float8
            END < '-1e+100'::float8 THEN '-1e+100'::float8
            ELSE CASE
              WHEN abs(f.mean_2d) <= 1e+150::float8 THEN (f.mean_2d + '-0.5'::float8) / 4::float8
              ELSE 0::float8
            END
          END
        ],
        ARRAY[
          CASE
            WHEN abs(
              CASE
                WHEN f.n_1w IS NULL THEN 0::float8
                ELSE (f.n_1w + '-12'::float8) / 4::float8
              END
            ) < 1e-100::float8 THEN 0::float8
            ELSE CASE
              WHEN f.n_1w IS NULL THEN 0::float8
              ELSE (f.n_1w + '-12'::float8) / 4::float8
            END
          END
        ],
        ARRAY[
          CASE
            WHEN f.region = 'south' THEN 1::float8
            ELSE 0::float8
          END
        ],
        ARRAY[
          CASE
            WHEN f.region = 'o''hare' THEN 1::float8
            ELSE 0::float8
          END
        ],
        ARRAY[
          CASE
            WHEN abs(
              CASE
                WHEN abs(f.mean_2d) <= 1e+150::float8 THEN (f.mean_2d + '-0.5'::float8) / 4::float8
                ELSE 0::float8
              END
            ) < 1e-100::float8 THEN 0::float8
            WHEN CASE
              WHEN abs(f.mean_2d) <= 1e+150::float8 THEN (f.mean_2d + '-0.5'::float8) / 4::float8
              ELSE 0::float8
            END > 1e+100::float8 THEN 1e+100::float8
            WHEN CASE
              WHEN abs(f.mean_2d) <= 1e+150::float8 THEN (f.mean_2d + '-0.5'::float8) / 4::float8
              ELSE 0::float8
            END < '-1e+100'::float8 THEN '-1e+100'::float8
            ELSE CASE
              WHEN abs(f.mean_2d) <= 1e+150::float8 THEN (f.mean_2d + '-0.5'::float8) / 4::float8
              ELSE 0::float8
            END
          END * CASE
            WHEN abs(
              CASE
                WHEN f.n_1w IS NULL THEN 0::float8
                ELSE (f.n_1w + '-12'::float8) / 4::float8
              END
            ) < 1e-100::float8 THEN 0::float8
            ELSE CASE
              WHEN f.n_1w IS NULL THEN 0::float8
              ELSE (f.n_1w + '-12'::float8) / 4::float8
            END
          END
        ]
      ) AS _fence (_term_1_1, _term_1_2, _term_1_3, _term_1_4, _x_1, _x_2, _x_3, _x_4, _x_5)
  ),
  -- The linear predictor, computed once per row; encoders and coefficients are folded into one term per input.
  _score AS NOT MATERIALIZED (
    SELECT
      s.place,
      s.as_of,
      _fence._linear,
      _fence._part_1_1,
      _fence._part_1_2,
      _fence._part_1_3,
      _fence._part_1_4,
      _fence._root_1,
      _fence._root_2,
      _fence._root_3,
      _fence._root_4,
      _fence._root_5,
      _fence._root_6
    FROM
      _terms AS s
      CROSS JOIN LATERAL unnest(
        ARRAY[1.15625::float8 + s._term_1_1 + s._term_1_2 + s._term_1_3 + s._term_1_4],
        ARRAY[s._term_1_1 + '-0.1875'::float8],
        ARRAY[s._term_1_2 + 1.375::float8],
        ARRAY[s._term_1_3 + '-0.125'::float8],
        ARRAY[s._term_1_4 + '-0.1875'::float8],
        ARRAY[0.5::float8 + 0.125::float8 * s._x_1],
        ARRAY[0.4841229182759271::float8 * s._x_1 + 0.12909944487358055::float8 * s._x_2],
        ARRAY[0.48304589153964794::float8 * s._x_2 + 0.12938729237669142::float8 * s._x_3],
        ARRAY[0.4829688691535186::float8 * s._x_3 + 0.12940792666314374::float8 * s._x_4],
        ARRAY[0.48296334075864017::float8 * s._x_4 + 0.12940940797250744::float8 * s._x_5],
        ARRAY[0.4829629438458039::float8 * s._x_5]
      ) AS _fence (
        _linear,
        _part_1_1,
        _part_1_2,
        _part_1_3,
        _part_1_4,
        _root_1,
        _root_2,
        _root_3,
        _root_4,
        _root_5,
        _root_6
      )
  ),
  _score_2 AS NOT MATERIALIZED (
    SELECT
      s.place,
      s.as_of,
      s._linear,
      s._part_1_1,
      s._part_1_2,
      s._part_1_3,
      s._part_1_4,
      _fence._mean,
      s._part_1_1 AS _strength_1,
      s._part_1_2 AS _strength_2,
      s._part_1_3 AS _strength_3,
      s._part_1_4 AS _strength_4,
      _fence._variance
    FROM
      _score AS s
      CROSS JOIN LATERAL unnest(
        ARRAY[
          CASE
            WHEN abs(s._linear) <= 708::float8 THEN 1::float8 / (1::float8 + exp(- s._linear))
            WHEN s._linear < 0::float8 THEN 0::float8
            WHEN s._linear <= 'Infinity'::float8 THEN 1::float8
          END
        ],
        ARRAY[
          CASE
            WHEN abs(s._root_1) < 1e-150::float8 THEN 0::float8
            ELSE s._root_1 * s._root_1
          END + CASE
            WHEN abs(s._root_2) < 1e-150::float8 THEN 0::float8
            ELSE s._root_2 * s._root_2
          END + CASE
            WHEN abs(s._root_3) < 1e-150::float8 THEN 0::float8
            ELSE s._root_3 * s._root_3
          END + CASE
            WHEN abs(s._root_4) < 1e-150::float8 THEN 0::float8
            ELSE s._root_4 * s._root_4
          END + CASE
            WHEN abs(s._root_5) < 1e-150::float8 THEN 0::float8
            ELSE s._root_5 * s._root_5
          END + CASE
            WHEN abs(s._root_6) < 1e-150::float8 THEN 0::float8
            ELSE s._root_6 * s._root_6
          END
        ]
      ) AS _fence (_mean, _variance)
  ),
  _score_3 AS NOT MATERIALIZED (
    SELECT
      s.place,
      s.as_of,
      s._linear,
      s._part_1_1,
      s._part_1_2,
      s._part_1_3,
      s._part_1_4,
      s._mean,
      s._strength_1,
      s._strength_2,
      s._strength_3,
      s._strength_4,
      _fence._most_1,
      _fence._low,
      _fence._high
    FROM
      _score_2 AS s
      CROSS JOIN LATERAL unnest(
        ARRAY[
          greatest(
            CASE
              WHEN s._strength_1 > 0::float8 THEN s._strength_1
              ELSE null::float8
            END,
            CASE
              WHEN s._strength_2 > 0::float8 THEN s._strength_2
              ELSE null::float8
            END,
            CASE
              WHEN s._strength_3 > 0::float8 THEN s._strength_3
              ELSE null::float8
            END,
            CASE
              WHEN s._strength_4 > 0::float8 THEN s._strength_4
              ELSE null::float8
            END
          )
        ],
        ARRAY[s._linear + '-1.6448536269514737'::float8 * sqrt(s._variance)],
        ARRAY[s._linear + 1.6448536269514737::float8 * sqrt(s._variance)]
      ) AS _fence (_most_1, _low, _high)
  ),
  _score_4 AS NOT MATERIALIZED (
    SELECT
      s.place,
      s.as_of,
      s._linear,
      s._part_1_1,
      s._part_1_2,
      s._part_1_3,
      s._part_1_4,
      s._mean,
      s._strength_1,
      s._strength_2,
      s._strength_3,
      s._strength_4,
      s._most_1,
      s._low,
      s._high,
      _fence._rank_1
    FROM
      _score_3 AS s
      CROSS JOIN LATERAL unnest(
        ARRAY[
          CASE
            WHEN s._strength_1 = s._most_1
            AND s._strength_1 > 0::float8 THEN 1::float8
            WHEN s._strength_2 = s._most_1
            AND s._strength_2 > 0::float8 THEN 2::float8
            WHEN s._strength_3 = s._most_1
            AND s._strength_3 > 0::float8 THEN 3::float8
            WHEN s._strength_4 = s._most_1
            AND s._strength_4 > 0::float8 THEN 4::float8
            ELSE null::float8
          END
        ]
      ) AS _fence (_rank_1)
  ),
  _score_5 AS NOT MATERIALIZED (
    SELECT
      s.place,
      s.as_of,
      s._linear,
      s._part_1_1,
      s._part_1_2,
      s._part_1_3,
      s._part_1_4,
      s._mean,
      s._strength_1,
      s._strength_2,
      s._strength_3,
      s._strength_4,
      s._most_1,
      s._low,
      s._high,
      s._rank_1,
      _fence._most_2
    FROM
      _score_4 AS s
      CROSS JOIN LATERAL unnest(
        ARRAY[
          greatest(
            CASE
              WHEN s._strength_1 > 0::float8
              AND (
                s._strength_1 < s._most_1
                OR s._strength_1 = s._most_1
                AND s._rank_1 < 1::float8
              ) THEN s._strength_1
              ELSE null::float8
            END,
            CASE
              WHEN s._strength_2 > 0::float8
              AND (
                s._strength_2 < s._most_1
                OR s._strength_2 = s._most_1
                AND s._rank_1 < 2::float8
              ) THEN s._strength_2
              ELSE null::float8
            END,
            CASE
              WHEN s._strength_3 > 0::float8
              AND (
                s._strength_3 < s._most_1
                OR s._strength_3 = s._most_1
                AND s._rank_1 < 3::float8
              ) THEN s._strength_3
              ELSE null::float8
            END,
            CASE
              WHEN s._strength_4 > 0::float8
              AND (
                s._strength_4 < s._most_1
                OR s._strength_4 = s._most_1
                AND s._rank_1 < 4::float8
              ) THEN s._strength_4
              ELSE null::float8
            END
          )
        ]
      ) AS _fence (_most_2)
  ),
  _score_6 AS NOT MATERIALIZED (
    SELECT
      s.place,
      s.as_of,
      s._linear,
      s._part_1_1,
      s._part_1_2,
      s._part_1_3,
      s._part_1_4,
      s._mean,
      s._low,
      s._high,
      s._rank_1,
      _fence._rank_2
    FROM
      _score_5 AS s
      CROSS JOIN LATERAL unnest(
        ARRAY[
          CASE
            WHEN s._strength_1 = s._most_2
            AND s._strength_1 > 0::float8
            AND (
              s._strength_1 < s._most_1
              OR s._strength_1 = s._most_1
              AND s._rank_1 < 1::float8
            ) THEN 1::float8
            WHEN s._strength_2 = s._most_2
            AND s._strength_2 > 0::float8
            AND (
              s._strength_2 < s._most_1
              OR s._strength_2 = s._most_1
              AND s._rank_1 < 2::float8
            ) THEN 2::float8
            WHEN s._strength_3 = s._most_2
            AND s._strength_3 > 0::float8
            AND (
              s._strength_3 < s._most_1
              OR s._strength_3 = s._most_1
              AND s._rank_1 < 3::float8
            ) THEN 3::float8
            WHEN s._strength_4 = s._most_2
            AND s._strength_4 > 0::float8
            AND (
              s._strength_4 < s._most_1
              OR s._strength_4 = s._most_1
              AND s._rank_1 < 4::float8
            ) THEN 4::float8
            ELSE null::float8
          END
        ]
      ) AS _fence (_rank_2)
  )
SELECT
  s.place,
  s.as_of,
  s._mean AS probability,
  s._mean >= 0.5::float8 AS label,
  s._linear AS linear_predictor,
  0.28125::float8 AS baseline,
  s._part_1_1 AS contribution_mean_2d,
  s._part_1_2 AS contribution_n_1w,
  s._part_1_3 AS contribution_region,
  s._part_1_4 AS "contribution_mean_2d:n_1w",
  CASE
    WHEN s._linear IS NULL THEN null::text
    WHEN s._rank_1 = 1::float8 THEN 'mean_2d'
    WHEN s._rank_1 = 2::float8 THEN 'n_1w'
    WHEN s._rank_1 = 3::float8 THEN 'region'
    WHEN s._rank_1 = 4::float8 THEN 'mean_2d:n_1w'
    ELSE null::text
  END AS reason_1,
  CASE
    WHEN s._linear IS NULL THEN null::text
    WHEN s._rank_2 = 1::float8 THEN 'mean_2d'
    WHEN s._rank_2 = 2::float8 THEN 'n_1w'
    WHEN s._rank_2 = 3::float8 THEN 'region'
    WHEN s._rank_2 = 4::float8 THEN 'mean_2d:n_1w'
    ELSE null::text
  END AS reason_2,
  CASE
    WHEN abs(s._low) <= 708::float8 THEN 1::float8 / (1::float8 + exp(- s._low))
    WHEN s._low < 0::float8 THEN 0::float8
    WHEN s._low <= 'Infinity'::float8 THEN 1::float8
  END AS confidence_low,
  CASE
    WHEN abs(s._high) <= 708::float8 THEN 1::float8 / (1::float8 + exp(- s._high))
    WHEN s._high < 0::float8 THEN 0::float8
    WHEN s._high <= 'Infinity'::float8 THEN 1::float8
  END AS confidence_high
FROM
  _score_6 AS s
