-- Versions of models, and the names that point at them, with their history.

CREATE TABLE viewcast.model_version (
  artifact_id uuid PRIMARY KEY REFERENCES viewcast.artifact,
  -- The record as it was written, byte for byte. The artifact's digest is that of what it says, without version and time.
  record text NOT NULL,
  -- Keys, inputs and request columns with their types; outputs with theirs.
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
  -- No number, and nothing that reads like one: those are versions. The latest is the newest version.
  alias text NOT NULL CHECK (alias ~ '^[A-Za-z_][A-Za-z0-9_.-]{0,99}$' AND alias !~* '^(v[0-9]+|latest)$'),
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
  -- Who pointed it there and why, and who took it away.
  actor text,
  reason text,
  ended_by text,
  ended_reason text,
  PRIMARY KEY (asset_id, alias, valid_from)
);
CREATE UNIQUE INDEX alias_open ON viewcast.alias_history (asset_id, alias) WHERE valid_to IS NULL;
CREATE INDEX ON viewcast.alias_history (artifact_id);

-- History is written with the change, whoever makes it. After a clock that stepped back, time goes on by microseconds from
-- what was written last: intervals follow each other and are never negative.
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
  UPDATE viewcast.alias_history
  SET valid_to = at,
      ended_by = CASE TG_OP WHEN 'UPDATE' THEN NEW.actor END,
      ended_reason = CASE TG_OP WHEN 'UPDATE' THEN NEW.reason END
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

-- Points an alias at a version. `p_expected` is the version it must still point at: 0 for none, NULL for any. Says in a
-- word what became of it, so that a refusal does not end the transaction.
CREATE FUNCTION viewcast.set_alias(
  p_asset uuid, p_alias text, p_version integer, p_expected integer, p_actor text, p_reason text
) RETURNS TABLE (outcome text, version_before integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  was integer;
  wanted viewcast.artifact;
BEGIN
  -- Promotions, registrations and deletions of a model come one after the other.
  PERFORM FROM viewcast.asset WHERE id = p_asset FOR NO KEY UPDATE;
  SELECT a.version INTO was FROM viewcast.alias l JOIN viewcast.artifact a ON a.id = l.artifact_id
  WHERE l.asset_id = p_asset AND l.alias = p_alias;
  SELECT * INTO wanted FROM viewcast.artifact WHERE asset_id = p_asset AND version = p_version;
  IF wanted.id IS NULL THEN
    RETURN QUERY SELECT 'unknown'::text, was;
  ELSIF wanted.state = 'deleted' THEN
    RETURN QUERY SELECT 'deleted'::text, was;
  ELSIF p_expected <> coalesce(was, 0) THEN
    RETURN QUERY SELECT 'moved'::text, was;
  ELSIF was = p_version THEN
    RETURN QUERY SELECT 'unchanged'::text, was;
  ELSE
    INSERT INTO viewcast.alias (asset_id, alias, artifact_id, actor, reason)
    VALUES (p_asset, p_alias, wanted.id, p_actor, p_reason)
    ON CONFLICT (asset_id, alias) DO UPDATE
    SET artifact_id = excluded.artifact_id, actor = excluded.actor, reason = excluded.reason;
    RETURN QUERY SELECT 'set'::text, was;
  END IF;
END
$$;

-- Takes an alias away; its history stays.
CREATE FUNCTION viewcast.remove_alias(p_asset uuid, p_alias text, p_expected integer, p_actor text, p_reason text)
RETURNS TABLE (outcome text, version_before integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  was integer;
BEGIN
  PERFORM FROM viewcast.asset WHERE id = p_asset FOR NO KEY UPDATE;
  SELECT a.version INTO was FROM viewcast.alias l JOIN viewcast.artifact a ON a.id = l.artifact_id
  WHERE l.asset_id = p_asset AND l.alias = p_alias;
  IF p_expected <> coalesce(was, 0) THEN
    RETURN QUERY SELECT 'moved'::text, was;
  ELSIF was IS NULL THEN
    RETURN QUERY SELECT 'unknown'::text, was;
  ELSE
    DELETE FROM viewcast.alias WHERE asset_id = p_asset AND alias = p_alias;
    UPDATE viewcast.alias_history h SET ended_by = p_actor, ended_reason = p_reason
    WHERE h.asset_id = p_asset AND h.alias = p_alias
      AND h.valid_from = (SELECT max(m.valid_from) FROM viewcast.alias_history m WHERE m.asset_id = p_asset AND m.alias = p_alias);
    RETURN QUERY SELECT 'removed'::text, was;
  END IF;
END
$$;

-- A version under the number it had before this store: false when the number is taken. Content that is another version's
-- already stays a version of its own, without a digest.
CREATE FUNCTION viewcast.adopt_artifact(p_id uuid, p_asset uuid, p_version integer, p_digest text, p_actor text)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE viewcast.asset SET last_version = last_version WHERE id = p_asset;
  IF EXISTS (SELECT FROM viewcast.artifact a WHERE a.asset_id = p_asset AND a.version = p_version) THEN
    RETURN false;
  END IF;
  INSERT INTO viewcast.artifact (id, asset_id, version, digest, props, created_by)
  SELECT p_id, p_asset, p_version,
    CASE WHEN NOT EXISTS (SELECT FROM viewcast.artifact a WHERE a.asset_id = p_asset AND a.digest = p_digest) THEN p_digest END,
    '{"adopted": true}', p_actor;
  UPDATE viewcast.asset SET last_version = greatest(last_version, p_version), updated_at = clock_timestamp() WHERE id = p_asset;
  RETURN true;
END
$$;

-- What is known of a version. What was not known when it was registered first is added; what is there stays.
CREATE FUNCTION viewcast.keep_model_version(
  p_artifact uuid, p_record text, p_signature jsonb, p_metrics jsonb, p_dataset uuid, p_execution uuid,
  p_training_sql text, p_training_hash text, p_prediction_sql text, p_prediction_hash text
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO viewcast.model_version AS v (artifact_id, record, signature, metrics, dataset_artifact_id, execution_id,
    training_sql, training_hash, prediction_sql, prediction_hash)
  VALUES (p_artifact, p_record, p_signature, p_metrics, p_dataset, p_execution,
    p_training_sql, p_training_hash, p_prediction_sql, p_prediction_hash)
  ON CONFLICT (artifact_id) DO UPDATE SET
    -- One with keys is of the declaration, one without of the record alone.
    signature = CASE WHEN v.signature ? 'keys' THEN v.signature ELSE excluded.signature END,
    dataset_artifact_id = coalesce(v.dataset_artifact_id, excluded.dataset_artifact_id),
    execution_id = coalesce(v.execution_id, excluded.execution_id),
    training_sql = coalesce(v.training_sql, excluded.training_sql),
    training_hash = coalesce(v.training_hash, excluded.training_hash),
    prediction_sql = coalesce(v.prediction_sql, excluded.prediction_sql),
    prediction_hash = coalesce(v.prediction_hash, excluded.prediction_hash)
$$;

-- Deletes a version, or takes that back. What an alias points at is not deleted.
CREATE FUNCTION viewcast.set_version_state(p_asset uuid, p_version integer, p_state text)
RETURNS TABLE (outcome text, aliases text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  wanted viewcast.artifact;
  names text;
BEGIN
  PERFORM FROM viewcast.asset WHERE id = p_asset FOR NO KEY UPDATE;
  SELECT * INTO wanted FROM viewcast.artifact WHERE asset_id = p_asset AND version = p_version;
  SELECT string_agg(l.alias, ', ' ORDER BY l.alias) INTO names FROM viewcast.alias l WHERE l.artifact_id = wanted.id;
  IF wanted.id IS NULL THEN
    RETURN QUERY SELECT 'unknown'::text, names;
  ELSIF p_state = 'deleted' AND names IS NOT NULL THEN
    RETURN QUERY SELECT 'aliased'::text, names;
  ELSIF wanted.state = p_state THEN
    RETURN QUERY SELECT 'unchanged'::text, names;
  ELSE
    UPDATE viewcast.artifact SET state = p_state WHERE id = wanted.id;
    RETURN QUERY SELECT 'set'::text, names;
  END IF;
END
$$;

-- Who reads the store by SQL reads these; their columns stay.
CREATE VIEW viewcast.model_versions WITH (security_invoker = true) AS
SELECT m.namespace AS project, m.name AS model, a.version, a.state,
  (SELECT array_agg(l.alias ORDER BY l.alias) FROM viewcast.alias l WHERE l.artifact_id = a.id) AS aliases,
  a.description, a.tags, v.metrics, v.signature, a.digest, v.training_hash, v.prediction_hash,
  d.version AS dataset_version, v.execution_id AS run_id, a.created_at, a.created_by
FROM viewcast.model_version v
JOIN viewcast.artifact a ON a.id = v.artifact_id
JOIN viewcast.asset m ON m.id = a.asset_id
LEFT JOIN viewcast.artifact d ON d.id = v.dataset_artifact_id;

CREATE VIEW viewcast.model_aliases WITH (security_invoker = true) AS
SELECT m.namespace AS project, m.name AS model, h.alias, a.version, h.valid_from, h.valid_to,
  h.actor, h.reason, h.ended_by, h.ended_reason
FROM viewcast.alias_history h
JOIN viewcast.artifact a ON a.id = h.artifact_id
JOIN viewcast.asset m ON m.id = h.asset_id;
