-- What checks found, and how old the rows of an asset were.

CREATE TABLE viewcast.check_result (
  execution_id uuid NOT NULL REFERENCES viewcast.execution,
  asset_id uuid NOT NULL REFERENCES viewcast.asset,
  -- leak/future, verify/parity, …
  name text NOT NULL,
  column_name text NOT NULL DEFAULT '',
  severity text NOT NULL CHECK (severity IN ('error', 'warn')),
  passed boolean NOT NULL,
  -- Words and numbers about it, never values of rows.
  detail jsonb NOT NULL DEFAULT '{}',
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (execution_id, asset_id, name, column_name)
);
CREATE INDEX ON viewcast.check_result (asset_id, at DESC);

CREATE TABLE viewcast.freshness_result (
  asset_id uuid NOT NULL REFERENCES viewcast.asset,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  newest timestamptz,
  age_seconds float8,
  status text NOT NULL CHECK (status IN ('pass', 'warn', 'error', 'unknown')),
  execution_id uuid REFERENCES viewcast.execution,
  PRIMARY KEY (asset_id, at)
);
