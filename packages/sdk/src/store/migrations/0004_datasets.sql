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
