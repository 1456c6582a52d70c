-- What is deployed in this database, and what was.
--
-- deployment is the object, with the version that is live; deployment_version what a version is made of, enough to make it
-- again; deployment_change what was done, when, by whom and why. They are written in the transaction that changes the
-- object, so they cannot say anything else than the database.

CREATE TABLE viewcast.deployment (
  -- Of kind 'deployment', named schema.object.
  asset_id uuid PRIMARY KEY REFERENCES viewcast.asset,
  project text NOT NULL,
  -- As the configuration names it; '' where it names none.
  environment text NOT NULL DEFAULT '',
  -- Name of the declaration; of one made by a command alone, that of the object.
  name text NOT NULL,
  -- Whether the project declares it: a plan of the project removes what it declares no more, and nothing else.
  is_declared boolean NOT NULL,
  kind text NOT NULL CHECK (kind IN ('view', 'table', 'function')),
  -- The version that is live; null once it was taken away.
  artifact_id uuid REFERENCES viewcast.artifact,
  -- The object as it was left, and the major version of the server that printed it: a hand edit shows by it.
  left_hash text,
  left_server integer,
  left_definition text,
  -- Roles whose grant is viewcast's, and may be taken back by it.
  granted text[] NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ON viewcast.deployment (project, environment);
CREATE INDEX ON viewcast.deployment (artifact_id);

CREATE TABLE viewcast.deployment_version (
  artifact_id uuid PRIMARY KEY REFERENCES viewcast.artifact,
  model_artifact_id uuid REFERENCES viewcast.artifact,
  -- The declaration as data.
  spec jsonb NOT NULL,
  -- The flat query: WITH … SELECT down to tables.
  query text NOT NULL,
  -- What makes the object where there is none, in order.
  statements text[] NOT NULL,
  -- In order: name, type, and since when it is a tombstone.
  columns jsonb NOT NULL,
  -- Of a function.
  parameters jsonb NOT NULL DEFAULT '[]',
  verification text,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ON viewcast.deployment_version (model_artifact_id);

-- Objects that were put aside when others took their place, with their data, grants and dependents.
CREATE TABLE viewcast.deployment_kept (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  artifact_id uuid NOT NULL REFERENCES viewcast.artifact,
  -- schema.object.
  place text NOT NULL,
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- When it went back to its place, or was collected.
  until timestamptz,
  -- As it was when it was put aside, and the major version of the server that printed it.
  hash text,
  server integer
);
CREATE UNIQUE INDEX ON viewcast.deployment_kept (place) WHERE until IS NULL;
CREATE INDEX ON viewcast.deployment_kept (artifact_id);

CREATE TABLE viewcast.deployment_change (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  asset_id uuid NOT NULL REFERENCES viewcast.asset,
  action text NOT NULL CHECK (action IN ('apply', 'rollback', 'remove', 'collect')),
  class text NOT NULL CHECK (class IN ('add', 'body', 'append', 'breaking', 'remove', 'metadata')),
  strategy text NOT NULL CHECK (strategy IN ('create', 'in place', 'swap', 'drop', 'none')),
  from_artifact uuid REFERENCES viewcast.artifact,
  to_artifact uuid REFERENCES viewcast.artifact,
  execution_id uuid REFERENCES viewcast.execution,
  -- Of the plan that was applied.
  plan_digest text,
  actor text,
  reason text,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ON viewcast.deployment_change (asset_id, at DESC);

-- What stands behind a feature, as a hash: of what a version of a model was trained on, and of what a version of a deployment
-- answers by. A version that was learned again from another text that gives the same rows has both.
CREATE TABLE viewcast.feature_definition (
  artifact_id uuid NOT NULL REFERENCES viewcast.artifact,
  feature text NOT NULL,
  view_name text NOT NULL,
  column_name text NOT NULL,
  -- Of the column alone, down to tables, without comments, layout and what only other columns need.
  digest text NOT NULL,
  -- Entity key → sample column, where a dataset asks the view by other names.
  keys jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (artifact_id, feature, digest)
);
CREATE INDEX ON viewcast.feature_definition (view_name, column_name);

INSERT INTO viewcast.access_change (table_name, column_name) VALUES
  ('deployment', 'artifact_id'), ('deployment', 'left_hash'), ('deployment', 'left_server'), ('deployment', 'is_declared'),
  ('deployment', 'left_definition'), ('deployment', 'granted'), ('deployment', 'project'),
  ('deployment', 'environment'), ('deployment', 'name'), ('deployment', 'kind'), ('deployment', 'updated_at'),
  ('deployment_kept', 'until'), ('deployment_kept', 'hash'), ('deployment_kept', 'server');

-- What is live, by names.
CREATE VIEW viewcast.deployments WITH (security_invoker = true) AS
SELECT d.project, d.environment, d.name, a.name AS object, d.kind, d.is_declared, da.version,
       m.name AS model, ma.version AS model_version, c.at AS changed_at, c.actor AS changed_by, c.reason
FROM viewcast.deployment d
JOIN viewcast.asset a ON a.id = d.asset_id
JOIN viewcast.artifact da ON da.id = d.artifact_id
JOIN viewcast.deployment_version v ON v.artifact_id = d.artifact_id
LEFT JOIN viewcast.artifact ma ON ma.id = v.model_artifact_id
LEFT JOIN viewcast.asset m ON m.id = ma.asset_id
LEFT JOIN LATERAL (
  SELECT c.at, c.actor, c.reason FROM viewcast.deployment_change c WHERE c.asset_id = d.asset_id ORDER BY c.id DESC LIMIT 1
) c ON true;
