-- Versions of models, and the names that point at them, with their history.

CREATE TABLE viewcast.model_version (
  artifact_id uuid PRIMARY KEY REFERENCES viewcast.artifact,
  -- The record as it was written, byte for byte; its SHA-256 is the artifact's digest.
  record text NOT NULL,
  -- Inputs with their types, outputs with theirs.
  signature jsonb NOT NULL,
  metrics jsonb NOT NULL,
  dataset_artifact_id uuid REFERENCES viewcast.artifact,
  execution_id uuid REFERENCES viewcast.execution,
  training_sql text,
  training_hash text,
  prediction_sql text,
  prediction_hash text
);
CREATE INDEX ON viewcast.model_version (dataset_artifact_id);
CREATE INDEX ON viewcast.model_version (execution_id);

CREATE TABLE viewcast.alias (
  asset_id uuid NOT NULL REFERENCES viewcast.asset,
  -- No number: those are versions.
  alias text NOT NULL CHECK (alias ~ '^[A-Za-z_][A-Za-z0-9_.-]{0,99}$'),
  artifact_id uuid NOT NULL REFERENCES viewcast.artifact,
  actor text,
  reason text,
  PRIMARY KEY (asset_id, alias)
);
CREATE INDEX ON viewcast.alias (artifact_id);

CREATE TABLE viewcast.alias_history (
  asset_id uuid NOT NULL REFERENCES viewcast.asset,
  alias text NOT NULL,
  artifact_id uuid NOT NULL REFERENCES viewcast.artifact,
  valid_from timestamptz NOT NULL,
  valid_to timestamptz CHECK (valid_to >= valid_from),
  actor text,
  reason text,
  PRIMARY KEY (asset_id, alias, valid_from)
);
CREATE UNIQUE INDEX alias_open ON viewcast.alias_history (asset_id, alias) WHERE valid_to IS NULL;
CREATE INDEX ON viewcast.alias_history (artifact_id);

-- History is written with the change, whoever makes it. A clock that stepped back makes an interval empty, never negative.
CREATE FUNCTION viewcast.keep_alias_history() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  at timestamptz := clock_timestamp();
  last timestamptz;
  a viewcast.alias := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.artifact_id = OLD.artifact_id THEN
    RETURN NULL;
  END IF;
  SELECT greatest(max(valid_from), max(valid_to)) INTO last FROM viewcast.alias_history
  WHERE asset_id = a.asset_id AND alias = a.alias;
  IF last >= at THEN
    at := last + interval '1 microsecond';
  END IF;
  UPDATE viewcast.alias_history SET valid_to = at
  WHERE asset_id = a.asset_id AND alias = a.alias AND valid_to IS NULL;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO viewcast.alias_history (asset_id, alias, artifact_id, valid_from, actor, reason)
    VALUES (NEW.asset_id, NEW.alias, NEW.artifact_id, at, NEW.actor, NEW.reason);
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER keep_alias_history AFTER INSERT OR UPDATE OR DELETE ON viewcast.alias
FOR EACH ROW EXECUTE FUNCTION viewcast.keep_alias_history();
