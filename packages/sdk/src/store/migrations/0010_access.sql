-- Who may do what. Two kinds of access beside the owner's: `read`, and `append`, which adds and never rewrites: metrics,
-- params, versions, events, checks and histories stay as they were written, whoever holds the password.
--
-- Roles are the database's, so none are made here. What was granted is remembered, and granted again for what later
-- migrations bring.

CREATE TABLE viewcast.access (
  role_name text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('read', 'append')),
  granted_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Columns an appending role may change: states and pointers, never what was measured. '*' is the whole table, with
-- rows taken away: an alias is moved and removed (its history is kept by a trigger), a tag is overwritten.
CREATE TABLE viewcast.access_change (
  table_name text NOT NULL,
  column_name text NOT NULL,
  PRIMARY KEY (table_name, column_name)
);
INSERT INTO viewcast.access_change (table_name, column_name) VALUES
  ('asset', 'declared'), ('asset', 'edited'), ('asset', 'commented'), ('asset', 'props'), ('asset', 'last_version'),
  ('asset', 'lifecycle'), ('asset', 'updated_at'),
  ('asset_column', 'ordinal'), ('asset_column', 'pg_type'), ('asset_column', 'nullable'), ('asset_column', 'declared'),
  ('asset_column', 'edited'), ('asset_column', 'commented'), ('asset_column', 'dropped_at'),
  ('artifact', 'state'), ('artifact', 'description'), ('artifact', 'tags'),
  ('context', 'name'), ('context', 'lifecycle'), ('context', 'description'), ('context', 'tags'), ('context', 'updated_at'),
  ('context', 'deleted_at'), ('execution', 'attempt'), ('execution', 'worker'),
  ('execution', 'state'), ('execution', 'ended_at'), ('execution', 'lease_until'), ('execution', 'error'),
  ('execution', 'name'), ('execution', 'note'), ('execution', 'lifecycle'), ('execution', 'deleted_at'),
  ('asset_edge', 'confirmed_by'), ('asset_edge', 'valid_to'),
  ('column_edge', 'valid_to'),
  ('outbox', 'attempts'), ('outbox', 'next_at'), ('outbox', 'set_aside_at'),
  ('alias', '*'), ('run_tag', '*');

-- Grants what is remembered on everything there is now.
CREATE FUNCTION viewcast.apply_access() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  a record;
  t record;
  columns text;
BEGIN
  FOR a IN SELECT role_name, kind FROM viewcast.access WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = role_name)
  LOOP
    EXECUTE format('GRANT USAGE ON SCHEMA viewcast TO %I', a.role_name);
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA viewcast FROM %I', a.role_name);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA viewcast TO %I', a.role_name);
    EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA viewcast FROM %I', a.role_name);
    -- Those that only read, with the caller's own rights: views and lineage are made of them.
    FOR t IN
      SELECT p.oid::regprocedure::text AS name FROM pg_proc p
      WHERE p.pronamespace = 'viewcast'::regnamespace AND p.provolatile IN ('s', 'i') AND NOT p.prosecdef
    LOOP
      EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', t.name, a.role_name);
    END LOOP;
    CONTINUE WHEN a.kind = 'read';
    EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA viewcast TO %I', a.role_name);
    EXECUTE format('REVOKE ALL ON FUNCTION viewcast.apply_access(), viewcast.grant_access(text, text) FROM %I', a.role_name);
    FOR t IN
      SELECT c.relname AS name FROM pg_class c
      WHERE c.relnamespace = 'viewcast'::regnamespace AND c.relkind IN ('r', 'p')
        -- Points are written by log_batch, which checks what they belong to.
        AND c.relname NOT IN ('migration', 'access', 'access_change', 'metric', 'metric_latest')
    LOOP
      EXECUTE format('GRANT INSERT ON viewcast.%I TO %I', t.name, a.role_name);
      IF EXISTS (SELECT FROM viewcast.access_change WHERE table_name = t.name AND column_name = '*') THEN
        EXECUTE format('GRANT UPDATE, DELETE ON viewcast.%I TO %I', t.name, a.role_name);
      ELSE
        SELECT string_agg(format('%I', column_name), ', ' ORDER BY column_name) INTO columns
        FROM viewcast.access_change WHERE table_name = t.name;
        IF columns IS NOT NULL THEN
          EXECUTE format('GRANT UPDATE (%s) ON viewcast.%I TO %I', columns, t.name, a.role_name);
        END IF;
      END IF;
    END LOOP;
  END LOOP;
END
$$;

CREATE FUNCTION viewcast.grant_access(p_role text, p_kind text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = p_role) THEN
    RAISE EXCEPTION 'role "%" does not exist', p_role USING ERRCODE = 'undefined_object';
  END IF;
  IF p_kind = 'none' THEN
    DELETE FROM viewcast.access WHERE role_name = p_role;
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA viewcast FROM %I', p_role);
    EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA viewcast FROM %I', p_role);
    EXECUTE format('REVOKE ALL ON SCHEMA viewcast FROM %I', p_role);
    RETURN;
  END IF;
  INSERT INTO viewcast.access AS a (role_name, kind) VALUES (p_role, p_kind)
  ON CONFLICT (role_name) DO UPDATE SET kind = excluded.kind, granted_at = clock_timestamp();
  PERFORM viewcast.apply_access();
END
$$;

-- Functions are everybody's until somebody says otherwise.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA viewcast FROM PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA viewcast REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
