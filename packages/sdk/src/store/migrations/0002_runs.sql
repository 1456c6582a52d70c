-- Params, tags, metrics, notes and files of runs.

CREATE TABLE viewcast.param (
  execution_id uuid NOT NULL REFERENCES viewcast.execution,
  key text NOT NULL CHECK (key <> '' AND length(key) <= 250),
  value text NOT NULL,
  -- The value as a number, where it is one, so that it can be compared.
  num float8,
  PRIMARY KEY (execution_id, key)
);

CREATE INDEX ON viewcast.param (key, execution_id);

-- A param never changes. The same value again is no change and leaves no dead row.
CREATE FUNCTION viewcast.keep_param() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.value IS DISTINCT FROM OLD.value THEN
    RAISE EXCEPTION 'param "%" of run % has another value already', OLD.key, OLD.execution_id
      USING ERRCODE = 'unique_violation', CONSTRAINT = 'param_is_immutable', DETAIL = OLD.key;
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER keep_param BEFORE UPDATE ON viewcast.param FOR EACH ROW EXECUTE FUNCTION viewcast.keep_param();

CREATE TABLE viewcast.run_tag (
  execution_id uuid NOT NULL REFERENCES viewcast.execution,
  key text NOT NULL CHECK (key <> '' AND length(key) <= 250),
  value text NOT NULL,
  PRIMARY KEY (execution_id, key)
);
-- A value is too long for an index.
CREATE INDEX ON viewcast.run_tag (key, execution_id);

CREATE TABLE viewcast.metric_key (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE CHECK (name <> '' AND length(name) <= 250)
);

-- Appended to, never rewritten: the key is the whole row, so the same row again is no row.
--
-- Run and name are held by metric_latest, which has a row for each pair that is here; to hold every point to them as well
-- would take a third of the time of logging it. Only log_batch writes here.
CREATE TABLE viewcast.metric (
  execution_id uuid NOT NULL,
  key_id integer NOT NULL,
  step bigint NOT NULL,
  ts_ms bigint NOT NULL,
  value float8 NOT NULL,
  PRIMARY KEY (execution_id, key_id, step, ts_ms, value)
);

-- One row per metric of a run, so that lists never read history.
CREATE TABLE viewcast.metric_latest (
  execution_id uuid NOT NULL REFERENCES viewcast.execution,
  key_id integer NOT NULL REFERENCES viewcast.metric_key,
  step bigint NOT NULL,
  ts_ms bigint NOT NULL,
  value float8 NOT NULL,
  -- NaN counts for neither; NULL when there was nothing else.
  min float8,
  max float8,
  n bigint NOT NULL,
  PRIMARY KEY (execution_id, key_id)
);
-- One metric of all runs, which are then filtered and sorted, without a look at the table.
CREATE INDEX ON viewcast.metric_latest (key_id, execution_id) INCLUDE (value, min, max);
-- The list of runs, newest first.
CREATE INDEX ON viewcast.execution (started_at DESC, id DESC);

CREATE TABLE viewcast.run_file (
  execution_id uuid NOT NULL REFERENCES viewcast.execution,
  path text NOT NULL CHECK (path <> '' AND path !~ '(^/|(^|/)\.\.(/|$))'),
  media_type text,
  size bigint NOT NULL,
  sha256 text NOT NULL,
  -- Either here or elsewhere.
  content bytea,
  uri text,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (execution_id, path),
  CHECK ((content IS NULL) <> (uri IS NULL))
);

-- A batch: one statement, one transaction, all or nothing; a retry adds nothing. Arrays of equal length.
--
-- New names of metrics are inserted in order: two connections that add the same ones in different orders would wait for
-- each other. The latest is the greatest (step, time, value), as MLflow has it; NaN is left out of min and max, because
-- PostgreSQL sorts it above everything.
CREATE FUNCTION viewcast.log_batch(
  p_run uuid,
  p_param_keys text[], p_param_values text[], p_param_numbers float8[],
  p_tag_keys text[], p_tag_values text[],
  p_metric_names text[], p_metric_values float8[], p_metric_steps bigint[], p_metric_times bigint[]
) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  added integer := 0;
  is_there boolean;
BEGIN
  -- Held against removal, not against other batches of the run, nor against what renews it.
  SELECT lifecycle = 'active' INTO is_there FROM viewcast.execution WHERE id = p_run FOR KEY SHARE;
  IF is_there IS NOT TRUE THEN
    RAISE EXCEPTION 'run % is not there or was deleted', p_run USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'run_is_active';
  END IF;
  IF cardinality(p_param_keys) > 0 THEN
    INSERT INTO viewcast.param AS p (execution_id, key, value, num)
    SELECT p_run, u.k, u.v, u.n FROM unnest(p_param_keys, p_param_values, p_param_numbers) AS u(k, v, n) ORDER BY u.k
    ON CONFLICT (execution_id, key) DO UPDATE SET value = excluded.value;
  END IF;
  IF cardinality(p_tag_keys) > 0 THEN
    INSERT INTO viewcast.run_tag AS t (execution_id, key, value)
    SELECT p_run, u.k, u.v FROM unnest(p_tag_keys, p_tag_values) AS u(k, v) ORDER BY u.k
    ON CONFLICT (execution_id, key) DO UPDATE SET value = excluded.value;
  END IF;
  IF cardinality(p_metric_names) > 0 THEN
    INSERT INTO viewcast.metric_key (name)
    SELECT DISTINCT u.k FROM unnest(p_metric_names) AS u(k)
    WHERE NOT EXISTS (SELECT FROM viewcast.metric_key m WHERE m.name = u.k) ORDER BY 1
    ON CONFLICT (name) DO NOTHING;
    WITH new AS (
      INSERT INTO viewcast.metric (execution_id, key_id, step, ts_ms, value)
      SELECT p_run, m.id, u.s, u.t, u.v
      FROM unnest(p_metric_names, p_metric_values, p_metric_steps, p_metric_times) AS u(k, v, s, t)
      JOIN viewcast.metric_key m ON m.name = u.k
      ORDER BY 2, 3, 4, 5
      ON CONFLICT DO NOTHING RETURNING key_id, step, ts_ms, value
    ), last AS (
      SELECT DISTINCT ON (key_id) key_id, step, ts_ms, value FROM new
      ORDER BY key_id, step DESC, ts_ms DESC, value DESC
    ), folded AS (
      SELECT key_id, count(*) AS n,
        min(value) FILTER (WHERE value <> 'NaN') AS min, max(value) FILTER (WHERE value <> 'NaN') AS max
      FROM new GROUP BY key_id
    ), kept AS (
      INSERT INTO viewcast.metric_latest AS l (execution_id, key_id, step, ts_ms, value, min, max, n)
      SELECT p_run, key_id, step, ts_ms, value, min, max, n FROM folded JOIN last USING (key_id) ORDER BY key_id
      ON CONFLICT (execution_id, key_id) DO UPDATE SET
        step = CASE WHEN (excluded.step, excluded.ts_ms, excluded.value) > (l.step, l.ts_ms, l.value) THEN excluded.step ELSE l.step END,
        ts_ms = CASE WHEN (excluded.step, excluded.ts_ms, excluded.value) > (l.step, l.ts_ms, l.value) THEN excluded.ts_ms ELSE l.ts_ms END,
        value = CASE WHEN (excluded.step, excluded.ts_ms, excluded.value) > (l.step, l.ts_ms, l.value) THEN excluded.value ELSE l.value END,
        min = least(l.min, excluded.min), max = greatest(l.max, excluded.max), n = l.n + excluded.n
    )
    SELECT count(*)::integer INTO added FROM new;
  END IF;
  RETURN added;
END
$$;

-- Who reads the store by SQL (dashboards, notebooks) reads these; their columns stay.
CREATE VIEW viewcast.runs WITH (security_invoker = true) AS
SELECT r.id AS run_id, r.kind, r.name, x.name AS experiment, r.state, r.started_at, r.ended_at,
  extract(epoch FROM r.ended_at - r.started_at)::float8 AS seconds,
  r.user_name, r.source_version AS git_commit, r.source_dirty AS git_dirty, r.parent_id AS parent_run_id, r.note
FROM viewcast.execution r LEFT JOIN viewcast.context x ON x.id = r.experiment_id
WHERE r.lifecycle = 'active';

CREATE VIEW viewcast.run_metrics WITH (security_invoker = true) AS
SELECT l.execution_id AS run_id, k.name AS metric, l.value, l.min, l.max, l.n, l.step, to_timestamp(l.ts_ms / 1000.0) AS logged_at
FROM viewcast.metric_latest l JOIN viewcast.metric_key k ON k.id = l.key_id;

CREATE VIEW viewcast.run_params WITH (security_invoker = true) AS
SELECT execution_id AS run_id, key AS param, value, num FROM viewcast.param;
