-- What brought the rows of deployed tables up to date: one row for each refresh that was committed, written in the
-- transaction that changed the rows.

CREATE TABLE viewcast.refresh (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- The deployment, and the version of it whose query was run.
  asset_id uuid NOT NULL REFERENCES viewcast.asset,
  artifact_id uuid NOT NULL REFERENCES viewcast.artifact,
  execution_id uuid REFERENCES viewcast.execution,
  kind text NOT NULL CHECK (kind IN ('full', 'partition', 'upsert')),
  -- The instant that was asked about; null where the query asks about none.
  as_of timestamptz,
  inserted bigint NOT NULL,
  updated bigint NOT NULL,
  deleted bigint NOT NULL,
  started_at timestamptz NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor text
);
-- The newest instant of a table, and whether a partition was made by a version.
CREATE INDEX ON viewcast.refresh (asset_id, as_of DESC);
CREATE INDEX ON viewcast.refresh (asset_id, id DESC);
CREATE INDEX ON viewcast.refresh (artifact_id);
CREATE INDEX ON viewcast.refresh (execution_id);

-- The last refresh of each table that is deployed, by names.
CREATE VIEW viewcast.refreshes WITH (security_invoker = true) AS
SELECT d.project, d.environment, d.name, a.name AS object, r.kind, r.as_of, r.inserted, r.updated, r.deleted,
       extract(epoch FROM r.at - r.started_at)::float8 AS seconds, r.at, r.actor, r.execution_id AS run,
       r.artifact_id IS NOT DISTINCT FROM d.artifact_id AS is_of_live_version
FROM viewcast.deployment d
JOIN viewcast.asset a ON a.id = d.asset_id
JOIN LATERAL (
  SELECT r.* FROM viewcast.refresh r WHERE r.asset_id = d.asset_id ORDER BY r.id DESC LIMIT 1
) r ON true;
