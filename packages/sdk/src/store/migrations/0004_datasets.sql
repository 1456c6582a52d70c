-- What a version of a dataset held, and where its rows are kept, if anywhere.

CREATE TABLE viewcast.dataset_version (
  artifact_id uuid PRIMARY KEY REFERENCES viewcast.artifact,
  rows bigint NOT NULL CHECK (rows >= 0),
  -- How the digest was made; digests of different methods are not compared.
  method text NOT NULL,
  -- Of the first that registered this content; what each run asked is kept with the run.
  query text NOT NULL,
  query_hash text NOT NULL,
  -- What is in the text as values: instants, shares.
  parameters jsonb NOT NULL DEFAULT '{}',
  -- Hash of the definition of every view the query is made of, by name.
  views jsonb NOT NULL DEFAULT '{}',
  -- In order, with name, type, precision, nulls and a digest of each.
  columns jsonb NOT NULL,
  -- Of a sample: rate and seed.
  sample jsonb
);
COMMENT ON TABLE viewcast.dataset_version IS 'Versions of datasets: rows, columns with digests, query';

-- Which text a run read a version by. Equal rows are one version, whatever query gave them.
CREATE TABLE viewcast.dataset_use (
  execution_id uuid NOT NULL REFERENCES viewcast.execution,
  artifact_id uuid NOT NULL REFERENCES viewcast.dataset_version,
  query text NOT NULL,
  query_hash text NOT NULL,
  parameters jsonb NOT NULL DEFAULT '{}',
  views jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (execution_id, artifact_id)
);
CREATE INDEX ON viewcast.dataset_use (artifact_id);

-- Copies of the rows of a version: tables of this database, files.
CREATE TABLE viewcast.dataset_copy (
  id uuid PRIMARY KEY,
  artifact_id uuid NOT NULL REFERENCES viewcast.dataset_version,
  kind text NOT NULL CHECK (kind IN ('table', 'parquet', 'csv')),
  -- The table's schema and name; the file's path as it was given.
  table_schema text,
  table_name text,
  path text,
  md5 text,
  size bigint,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  created_by text,
  dropped_at timestamptz,
  dropped_by text,
  CHECK ((kind = 'table') = (table_schema IS NOT NULL AND table_name IS NOT NULL)),
  CHECK ((kind = 'table') = (path IS NULL)),
  CHECK ((path IS NULL) = (md5 IS NULL)),
  CHECK ((path IS NULL) = (size IS NULL))
);
CREATE INDEX ON viewcast.dataset_copy (artifact_id);
CREATE UNIQUE INDEX dataset_copy_table ON viewcast.dataset_copy (table_schema, table_name) WHERE dropped_at IS NULL;
CREATE UNIQUE INDEX dataset_copy_file ON viewcast.dataset_copy (path) WHERE dropped_at IS NULL;

-- A copy that is gone stays known, with who dropped it; nothing else of it changes.
CREATE FUNCTION viewcast.mark_copy_dropped(p_copy uuid, p_actor text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE viewcast.dataset_copy SET dropped_at = clock_timestamp(), dropped_by = p_actor
  WHERE id = p_copy AND dropped_at IS NULL;
  RETURN FOUND;
END
$$;

-- Who reads the store by SQL reads this; its columns stay.
CREATE VIEW viewcast.dataset_versions WITH (security_invoker = true) AS
SELECT s.namespace AS project, s.name AS dataset, a.version, d.rows, a.digest, d.method,
  jsonb_array_length(d.columns) AS columns, d.query_hash, d.sample,
  (SELECT array_agg(l.alias ORDER BY l.alias) FROM viewcast.alias l WHERE l.artifact_id = a.id) AS tags,
  a.created_at, a.created_by, a.id AS artifact_id
FROM viewcast.dataset_version d
JOIN viewcast.artifact a ON a.id = d.artifact_id
JOIN viewcast.asset s ON s.id = a.asset_id;
