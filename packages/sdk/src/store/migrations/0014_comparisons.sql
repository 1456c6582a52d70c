-- Versions that answered the same questions: how often they agreed and how far apart they were, so that it can be followed
-- over time. Figures only; no key and no score of a row.

CREATE TABLE viewcast.comparison (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  execution_id uuid NOT NULL REFERENCES viewcast.execution,
  project text NOT NULL,
  -- By name and number, as a record that was never registered can be compared as well.
  champion text NOT NULL,
  champion_version integer NOT NULL,
  challenger text NOT NULL,
  challenger_version integer NOT NULL,
  -- Every row of the entity, some keys, or the rows of the sample, whose labels are known.
  questions text NOT NULL CHECK (questions IN ('entities', 'keys', 'sample')),
  -- Null for the start of the statement, and for the sample, whose rows have instants of their own.
  as_of timestamptz,
  part text CHECK (part IN ('train', 'validation', 'test', 'all')),
  rows bigint NOT NULL,
  -- Of the labels; null where a model has none.
  agreement float8 CHECK (agreement BETWEEN 0 AND 1),
  kappa float8,
  -- The output whose mean moved farthest, and how.
  output text,
  mean_shift float8,
  standard_deviation float8,
  spearman float8,
  distance float8,
  stability float8,
  -- Everything that was found, labels and metrics with it.
  figures jsonb NOT NULL,
  actor text,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ON viewcast.comparison (project, challenger, at DESC);
CREATE INDEX ON viewcast.comparison (project, champion, at DESC);
CREATE INDEX ON viewcast.comparison (execution_id);
