-- What a version of a dataset held, and where its rows are kept, if anywhere.

CREATE TABLE viewcast.dataset_version (
  artifact_id uuid PRIMARY KEY REFERENCES viewcast.artifact,
  rows bigint NOT NULL,
  -- How the digest was made; digests of different methods are not compared.
  method text NOT NULL,
  query text NOT NULL,
  query_hash text NOT NULL,
  parameters jsonb NOT NULL DEFAULT '{}',
  -- Hash of the definition of every view the query is made of, by name.
  views jsonb NOT NULL DEFAULT '{}',
  columns jsonb NOT NULL,
  -- Where the rows are: nowhere, a table of this database, a file.
  kept text NOT NULL DEFAULT 'digest' CHECK (kept IN ('digest', 'table', 'file')),
  snapshot_table text,
  file_uri text,
  file_md5 text,
  file_size bigint,
  CHECK ((kept = 'table') = (snapshot_table IS NOT NULL)),
  CHECK ((kept = 'file') = (file_uri IS NOT NULL))
);
