-- What was predicted, for whom, as of when, and what became of it.
--
-- prediction_batch says once what its rows share: the version of the model, the deployment, the definitions. prediction has
-- what was said, prediction_input what it was made from (apart, so that a role can be kept from it), prediction_label what
-- came true: a correction is one more revision.
--
-- The three are divided by the month of as_of in UTC. Months are made when a row needs one, without stopping who reads or
-- adds, and old ones go as a whole. The batch is not held by a foreign key, which is looked up for every row of a bulk: it
-- is always there before its rows, and goes after them.

CREATE TABLE viewcast.prediction_batch (
  id uuid PRIMARY KEY,
  -- Version of the model.
  artifact_id uuid NOT NULL REFERENCES viewcast.artifact,
  -- Asset of the deployment that was asked, where it was one.
  deployment_id uuid REFERENCES viewcast.asset,
  execution_id uuid REFERENCES viewcast.execution,
  -- keys, questions, inputs and outputs: names and types in order; of inputs also how each is kept.
  shape jsonb NOT NULL,
  -- Feature view → hash of what it is made of, so that a replay can tell a changed definition.
  views jsonb NOT NULL DEFAULT '{}',
  -- Tells the key that inputs were hashed with from others; not the key.
  hash_key text,
  actor text,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ON viewcast.prediction_batch (artifact_id, created_at DESC);
CREATE INDEX ON viewcast.prediction_batch (execution_id) WHERE execution_id IS NOT NULL;

CREATE TABLE viewcast.prediction (
  -- Of version, key, question, as_of and request: the same prediction logged again is no row.
  id uuid NOT NULL,
  as_of timestamptz NOT NULL CHECK (isfinite(as_of)),
  batch_id uuid NOT NULL,
  -- Key column → value as text, {"origin": "JFK"}.
  key jsonb NOT NULL,
  -- For joins: the value of a single key column, else the values as a JSON array in the order of the entity.
  key_text text,
  -- What the question brought beside its key, as text.
  question jsonb NOT NULL DEFAULT '{}',
  request_id text NOT NULL DEFAULT '',
  outputs jsonb NOT NULL,
  -- When the database was asked: rows that came later were not seen.
  predicted_at timestamptz NOT NULL,
  PRIMARY KEY (id, as_of)
) PARTITION BY RANGE (as_of);
CREATE INDEX ON viewcast.prediction (key_text, as_of);
CREATE INDEX ON viewcast.prediction (batch_id);

CREATE TABLE viewcast.prediction_input (
  id uuid NOT NULL,
  as_of timestamptz NOT NULL,
  -- Feature → value: a number, a truth value, a text, null; NaN and infinities as texts. Hashed ones as hex digits.
  inputs jsonb NOT NULL,
  PRIMARY KEY (id, as_of)
) PARTITION BY RANGE (as_of);

CREATE TABLE viewcast.prediction_label (
  id uuid NOT NULL,
  as_of timestamptz NOT NULL,
  -- 1 is what was known first; the highest counts.
  revision integer NOT NULL CHECK (revision > 0),
  -- As text; null takes back what was said.
  label text,
  -- As a number where it is one; true is 1.
  value float8,
  said_by text NOT NULL CHECK (said_by IN ('target', 'given')),
  actor text,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (id, as_of, revision)
) PARTITION BY RANGE (as_of);

CREATE FUNCTION viewcast.prediction_id(p_artifact uuid, p_key jsonb, p_question jsonb, p_as_of timestamptz, p_request text)
RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT md5(jsonb_build_array(p_artifact, p_key, p_question, extract(epoch FROM p_as_of), p_request)::text)::uuid
$$;

-- Makes the months that are missing for these instants; returns how many. Who adds rows may call it.
--
-- A table is made and then attached: that waits for nobody who reads or writes, unlike making it as a part at once.
CREATE FUNCTION viewcast.make_prediction_months(p_instants timestamptz[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO' AS $$
DECLARE
  made integer := 0;
  month timestamptz;
  parent text;
  part text;
BEGIN
  FOR month IN
    SELECT DISTINCT date_trunc('month', i) FROM unnest(p_instants) AS i WHERE isfinite(i) ORDER BY 1
  LOOP
    FOREACH parent IN ARRAY ARRAY['prediction', 'prediction_input', 'prediction_label'] LOOP
      part := format('%s_%s_%s', parent, extract(year FROM month), to_char(month, 'MM'));
      CONTINUE WHEN to_regclass(format('viewcast.%I', part)) IS NOT NULL;
      PERFORM pg_advisory_xact_lock(hashtextextended('viewcast prediction months', 0));
      -- Another may have made it while this one waited.
      CONTINUE WHEN to_regclass(format('viewcast.%I', part)) IS NOT NULL;
      EXECUTE format('CREATE TABLE viewcast.%I (LIKE viewcast.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, parent);
      EXECUTE format('ALTER TABLE viewcast.%I ATTACH PARTITION viewcast.%I FOR VALUES FROM (%L) TO (%L)',
        parent, part, month, month + interval '1 month');
      made := made + 1;
    END LOOP;
  END LOOP;
  RETURN made;
END
$$;

-- Takes away for good what was predicted as of an instant before this one, with inputs and labels; returns how many
-- predictions. The owner's. Whole months go without a look at their rows but to count them.
CREATE FUNCTION viewcast.purge_predictions(p_before timestamptz) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO' AS $$
DECLARE
  gone bigint := 0;
  n bigint;
  p record;
BEGIN
  FOR p IN
    SELECT c.oid::regclass AS part, i.inhparent = 'viewcast.prediction'::regclass AS counts,
           (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''([^'']+)''\)'))[1]::timestamptz AS until
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent IN ('viewcast.prediction'::regclass, 'viewcast.prediction_input'::regclass,
                          'viewcast.prediction_label'::regclass)
    ORDER BY 1
  LOOP
    CONTINUE WHEN p.until > p_before;
    IF p.counts THEN
      EXECUTE format('SELECT count(*) FROM %s', p.part) INTO n;
      gone := gone + n;
    END IF;
    EXECUTE format('DROP TABLE %s', p.part);
  END LOOP;
  DELETE FROM viewcast.prediction_label WHERE as_of < p_before;
  DELETE FROM viewcast.prediction_input WHERE as_of < p_before;
  DELETE FROM viewcast.prediction WHERE as_of < p_before;
  GET DIAGNOSTICS n = ROW_COUNT;
  DELETE FROM viewcast.prediction_batch b
  WHERE b.created_at < p_before AND NOT EXISTS (SELECT FROM viewcast.prediction WHERE batch_id = b.id);
  RETURN gone + n;
END
$$;
REVOKE ALL ON FUNCTION viewcast.purge_predictions(timestamptz) FROM PUBLIC;

-- The log by names, with the label that counts.
CREATE VIEW viewcast.predictions WITH (security_invoker = true) AS
SELECT m.namespace AS project, m.name AS model, a.version, d.name AS deployment, p.key_text, p.key, p.as_of, p.question,
       p.request_id, p.outputs, p.predicted_at, l.label, l.value AS label_value, l.said_by AS label_said_by,
       b.execution_id AS run_id, p.id, p.batch_id
FROM viewcast.prediction p
JOIN viewcast.prediction_batch b ON b.id = p.batch_id
JOIN viewcast.artifact a ON a.id = b.artifact_id
JOIN viewcast.asset m ON m.id = a.asset_id
LEFT JOIN viewcast.asset d ON d.id = b.deployment_id
LEFT JOIN LATERAL (
  SELECT l.label, l.value, l.said_by FROM viewcast.prediction_label l
  WHERE (l.id, l.as_of) = (p.id, p.as_of) ORDER BY l.revision DESC LIMIT 1
) l ON true;

-- A role may be kept from inputs: from those that are there, and from those that come.
ALTER TABLE viewcast.access ADD COLUMN sees_inputs boolean NOT NULL DEFAULT true;
ALTER FUNCTION viewcast.apply_access() RENAME TO apply_access_to_tables;
CREATE FUNCTION viewcast.apply_access() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  a record;
  part regclass;
BEGIN
  PERFORM viewcast.apply_access_to_tables();
  FOR a IN
    SELECT role_name, kind, sees_inputs FROM viewcast.access
    WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = role_name)
  LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION viewcast.apply_access_to_tables() FROM %I', a.role_name);
    CONTINUE WHEN a.sees_inputs;
    FOR part IN
      SELECT 'viewcast.prediction_input'::regclass UNION ALL
      SELECT inhrelid FROM pg_inherits WHERE inhparent = 'viewcast.prediction_input'::regclass
    LOOP
      EXECUTE format('REVOKE SELECT ON %s FROM %I', part, a.role_name);
    END LOOP;
    -- To add a row only once, its key must be seen.
    EXECUTE format('GRANT SELECT (id, as_of) ON viewcast.prediction_input TO %I', a.role_name);
  END LOOP;
END
$$;
REVOKE ALL ON FUNCTION viewcast.apply_access(), viewcast.apply_access_to_tables() FROM PUBLIC;
