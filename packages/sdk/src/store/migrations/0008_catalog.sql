-- Finding things and saying what they are: search over assets, what was said by whom, and what changed since.
--
-- A text is taken from the declaration, else from what was edited here, else from the comments of the database. Keys of
-- asset.declared, edited and commented: description (text), owners and tags (arrays of texts), updateFrequency (text),
-- sla ({warnAfter, errorAfter}: durations); of columns also unit and kind.

CREATE FUNCTION viewcast.told(declared jsonb, edited jsonb, commented jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN commented || edited || declared;

-- Names are found by their parts, too: delay_7d by delay, vw_TrainSample by sample, delay15 by 15. Only ASCII is punctuation
-- here: what a letter is beside it depends on the locale.
CREATE FUNCTION viewcast.words(name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN regexp_replace(name, '[\u0021-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007e[:space:]]+', ' ', 'g')
  || ' ' || regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    name, '[\u0021-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007e[:space:]]+', ' ', 'g'),
    '([[:lower:]])([[:upper:]])', '\1 \2', 'g'),
    '([[:upper:]])([[:upper:]][[:lower:]])', '\1 \2', 'g'),
    '([[:alpha:]])([[:digit:]])', '\1 \2', 'g');

-- Both as written, for beginnings of words, and by their stems. A tsvector holds a megabyte.
CREATE FUNCTION viewcast.terms(words text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN to_tsvector('pg_catalog.simple'::regconfig, left(words, 60000))
  || to_tsvector('pg_catalog.english'::regconfig, left(words, 60000));

CREATE FUNCTION viewcast.search_of(name text, told jsonb, entity text, column_words text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN setweight(viewcast.terms(viewcast.words(name)), 'A')
  || setweight(viewcast.terms(coalesce(told ->> 'description', '')), 'B')
  || setweight(viewcast.terms(viewcast.words(coalesce(told ->> 'tags', '') || ' ' || coalesce(told ->> 'owners', '')
       || ' ' || coalesce(entity, ''))), 'C')
  || setweight(viewcast.terms(column_words), 'D');

ALTER TABLE viewcast.asset
  -- Names and descriptions of its columns, for the search; kept by a trigger.
  ADD COLUMN column_words text NOT NULL DEFAULT '',
  -- When a synchronisation found it first; NULL for what was only registered.
  ADD COLUMN cataloged_at timestamptz,
  -- When one found it gone: no longer declared, or no longer in the database.
  ADD COLUMN gone_at timestamptz;
ALTER TABLE viewcast.asset ADD COLUMN search tsvector GENERATED ALWAYS AS (
  viewcast.search_of(name, viewcast.told(declared, edited, commented), props #>> '{entity,name}', column_words)) STORED;
CREATE INDEX asset_search ON viewcast.asset USING gin (search);

CREATE FUNCTION viewcast.keep_column_words() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE viewcast.asset a SET column_words = w.words
  FROM (
    SELECT t.asset_id, coalesce(string_agg(
      viewcast.words(c.name) || ' ' || coalesce(viewcast.told(c.declared, c.edited, c.commented) ->> 'description', ''),
      ' ' ORDER BY c.ordinal, c.name), '') AS words
    FROM (SELECT DISTINCT asset_id FROM changed) t
    LEFT JOIN viewcast.asset_column c ON c.asset_id = t.asset_id AND c.dropped_at IS NULL
    GROUP BY t.asset_id
  ) w
  WHERE a.id = w.asset_id AND a.column_words <> w.words;
  RETURN NULL;
END
$$;
CREATE TRIGGER column_words_added AFTER INSERT ON viewcast.asset_column REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION viewcast.keep_column_words();
CREATE TRIGGER column_words_changed AFTER UPDATE ON viewcast.asset_column REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION viewcast.keep_column_words();
CREATE TRIGGER column_words_removed AFTER DELETE ON viewcast.asset_column REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION viewcast.keep_column_words();

-- Who said what, and what synchronisations found changed. Appended to, never rewritten.
CREATE TABLE viewcast.catalog_change (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  asset_id uuid NOT NULL REFERENCES viewcast.asset,
  column_name text NOT NULL DEFAULT '',
  -- edited by somebody; declared and commented as found; schema for a column that came, went or changed; presence for
  -- the thing itself.
  layer text NOT NULL CHECK (layer IN ('edited', 'declared', 'commented', 'schema', 'presence')),
  field text NOT NULL,
  before jsonb,
  after jsonb,
  actor text,
  execution_id uuid REFERENCES viewcast.execution,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ON viewcast.catalog_change (asset_id, id DESC);

-- Edits some texts: p_set replaces, p_clear removes. Returns what is edited then; the same again leaves no history.
CREATE FUNCTION viewcast.edit_catalog(p_asset uuid, p_column text, p_set jsonb, p_clear text[], p_actor text) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  was jsonb;
  new jsonb;
BEGIN
  -- The row of the asset first, as everywhere: editors of two columns would otherwise meet in the other order.
  SELECT edited INTO was FROM viewcast.asset WHERE id = p_asset FOR UPDATE;
  IF p_column <> '' THEN
    SELECT edited INTO was FROM viewcast.asset_column WHERE (asset_id, name) = (p_asset, p_column) FOR UPDATE;
  END IF;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'asset % has no column "%"', p_asset, p_column USING ERRCODE = 'foreign_key_violation';
  END IF;
  new := (was || p_set) - p_clear;
  INSERT INTO viewcast.catalog_change (asset_id, column_name, layer, field, before, after, actor)
  SELECT p_asset, p_column, 'edited', k.field, was -> k.field, new -> k.field, p_actor
  FROM jsonb_object_keys(was || new) AS k(field) WHERE was -> k.field IS DISTINCT FROM new -> k.field ORDER BY k.field;
  IF FOUND AND p_column = '' THEN
    UPDATE viewcast.asset SET edited = new, updated_at = clock_timestamp() WHERE id = p_asset;
  ELSIF FOUND THEN
    UPDATE viewcast.asset_column SET edited = new WHERE (asset_id, name) = (p_asset, p_column);
  END IF;
  RETURN new;
END
$$;

-- What a project declares and the database has, as found: p_assets [{id, declared, commented, props, gone, described}],
-- p_columns [{asset, name, ordinal, type, nullable, declared, commented}]. Columns of an asset that is described and
-- are not given are dropped. Where it is the whole project, its assets that were found before and are not given are gone,
-- and what it said of sources is replaced; of a part only what is given is compared. Only what differs is written, and
-- what differs from an earlier synchronisation is kept as history.
CREATE FUNCTION viewcast.sync_catalog(
  p_project text, p_actor text, p_run uuid, p_is_complete boolean, p_assets jsonb, p_columns jsonb
)
RETURNS TABLE (assets_changed integer, columns_added integer, columns_changed integer, columns_dropped integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  gone integer;
BEGIN
  -- Sources belong to several projects: their synchronisations wait for each other.
  PERFORM pg_advisory_xact_lock(hashtextextended('viewcast catalog', 0));

  INSERT INTO viewcast.catalog_change (asset_id, column_name, layer, field, before, after, actor, execution_id)
  SELECT g.asset, g.name, d.layer, d.field, d.before, d.after, p_actor, p_run
  FROM jsonb_to_recordset(p_columns) AS g(asset uuid, name text, type text, nullable boolean, declared jsonb, commented jsonb)
  JOIN viewcast.asset a ON a.id = g.asset AND a.cataloged_at IS NOT NULL
  LEFT JOIN viewcast.asset_column c ON c.asset_id = g.asset AND c.name = g.name
  CROSS JOIN LATERAL (
    SELECT 'schema', 'column', NULL::jsonb, to_jsonb(g.type) WHERE c.name IS NULL OR c.dropped_at IS NOT NULL
    UNION ALL SELECT 'schema', 'type', to_jsonb(c.pg_type), to_jsonb(g.type)
      WHERE c.name IS NOT NULL AND c.pg_type IS DISTINCT FROM g.type
    UNION ALL SELECT 'schema', 'nullable', to_jsonb(c.nullable), to_jsonb(g.nullable)
      WHERE c.name IS NOT NULL AND c.nullable IS DISTINCT FROM g.nullable
    UNION ALL SELECT 'declared', k.field, c.declared -> k.field, g.declared -> k.field
      FROM jsonb_object_keys(c.declared || g.declared) AS k(field)
      WHERE c.declared -> k.field IS DISTINCT FROM g.declared -> k.field
    UNION ALL SELECT 'commented', k.field, c.commented -> k.field, g.commented -> k.field
      FROM jsonb_object_keys(c.commented || g.commented) AS k(field)
      WHERE c.commented -> k.field IS DISTINCT FROM g.commented -> k.field
  ) AS d(layer, field, before, after)
  ORDER BY g.asset, g.name, d.layer, d.field;

  -- EXCEPT and NOT IN, which are hashed: how many rows a JSON text has is not known to the planner.
  WITH lost AS (
    SELECT c.asset_id, c.name
    FROM jsonb_to_recordset(p_assets) AS g(id uuid, gone boolean, described boolean)
    JOIN viewcast.asset_column c ON c.asset_id = g.id AND c.dropped_at IS NULL
    WHERE g.described OR g.gone
    EXCEPT SELECT k.asset, k.name FROM jsonb_to_recordset(p_columns) AS k(asset uuid, name text)
  ), dropped AS (
    UPDATE viewcast.asset_column c SET dropped_at = clock_timestamp()
    FROM lost WHERE (c.asset_id, c.name) = (lost.asset_id, lost.name)
    RETURNING c.asset_id, c.name, c.pg_type
  ), said AS (
    INSERT INTO viewcast.catalog_change (asset_id, column_name, layer, field, before, actor, execution_id)
    SELECT asset_id, name, 'schema', 'column', to_jsonb(pg_type), p_actor, p_run FROM dropped ORDER BY 1, 2
  )
  SELECT count(*) INTO columns_dropped FROM dropped;

  SELECT count(*) FILTER (WHERE c.name IS NULL), count(c.name) INTO columns_added, columns_changed
  FROM jsonb_to_recordset(p_columns) AS g(asset uuid, name text, ordinal integer, type text, nullable boolean, declared jsonb, commented jsonb)
  LEFT JOIN viewcast.asset_column c ON (c.asset_id, c.name) = (g.asset, g.name)
  WHERE c.name IS NULL OR (c.ordinal, c.declared, c.commented) <> (g.ordinal, g.declared, g.commented)
    OR c.pg_type IS DISTINCT FROM g.type OR c.nullable IS DISTINCT FROM g.nullable OR c.dropped_at IS NOT NULL;

  INSERT INTO viewcast.asset_column AS c (asset_id, name, ordinal, pg_type, nullable, declared, commented)
  SELECT g.asset, g.name, g.ordinal, g.type, g.nullable, g.declared, g.commented
  FROM jsonb_to_recordset(p_columns) AS g(asset uuid, name text, ordinal integer, type text, nullable boolean, declared jsonb, commented jsonb)
  LEFT JOIN viewcast.asset_column o ON (o.asset_id, o.name) = (g.asset, g.name)
  WHERE o.name IS NULL OR (o.ordinal, o.declared, o.commented) <> (g.ordinal, g.declared, g.commented)
    OR o.pg_type IS DISTINCT FROM g.type OR o.nullable IS DISTINCT FROM g.nullable OR o.dropped_at IS NOT NULL
  ORDER BY 1, 2
  ON CONFLICT (asset_id, name) DO UPDATE SET ordinal = excluded.ordinal, pg_type = excluded.pg_type,
    nullable = excluded.nullable, declared = excluded.declared, commented = excluded.commented, dropped_at = NULL;

  WITH given AS (
    SELECT g.id, g.gone, g.commented, g.props, g.declared, a.kind IN ('source', 'deployment', 'consumer') AS shared,
      (coalesce(a.props -> 'declaredBy', '{}') - p_project) || jsonb_strip_nulls(jsonb_build_object(p_project, nullif(
        CASE WHEN p_is_complete THEN '{}' ELSE coalesce(a.props #> ARRAY['declaredBy', p_project], '{}') END || g.declared,
        '{}'))) AS declared_by
    FROM jsonb_to_recordset(p_assets) AS g(id uuid, gone boolean, declared jsonb, commented jsonb, props jsonb)
    JOIN viewcast.asset a ON a.id = g.id
  ), wanted AS (
    -- Of several projects that describe a source the first by name has the word.
    SELECT g.id, g.gone, g.commented,
      CASE WHEN g.shared THEN coalesce((
        SELECT jsonb_object_agg(f.key, f.value ORDER BY d.key DESC)
        FROM jsonb_each(g.declared_by) AS d CROSS JOIN LATERAL jsonb_each(d.value) AS f), '{}')
      ELSE g.declared END AS declared,
      CASE WHEN g.shared THEN g.props || jsonb_build_object('declaredBy', nullif(g.declared_by, '{}')) ELSE g.props END AS props
    FROM given g
  ), differing AS (
    SELECT a.id, a.cataloged_at, a.gone_at, w.gone, a.declared AS was_declared, a.commented AS was_commented,
      w.declared, w.commented, jsonb_strip_nulls(a.props || w.props) AS props
    FROM wanted w JOIN viewcast.asset a ON a.id = w.id
    WHERE a.cataloged_at IS NULL OR (a.gone_at IS NOT NULL) <> w.gone
      OR (a.declared, a.commented, a.props) <> (w.declared, w.commented, jsonb_strip_nulls(a.props || w.props))
    ORDER BY a.id FOR UPDATE OF a
  ), said AS (
    INSERT INTO viewcast.catalog_change (asset_id, layer, field, before, after, actor, execution_id)
    SELECT n.id, d.layer, d.field, d.before, d.after, p_actor, p_run FROM differing n
    CROSS JOIN LATERAL (
      SELECT 'declared', k.field, n.was_declared -> k.field, n.declared -> k.field
        FROM jsonb_object_keys(n.was_declared || n.declared) AS k(field)
        WHERE n.was_declared -> k.field IS DISTINCT FROM n.declared -> k.field
      UNION ALL SELECT 'commented', k.field, n.was_commented -> k.field, n.commented -> k.field
        FROM jsonb_object_keys(n.was_commented || n.commented) AS k(field)
        WHERE n.was_commented -> k.field IS DISTINCT FROM n.commented -> k.field
      UNION ALL SELECT 'presence', CASE WHEN n.gone THEN 'gone' ELSE 'back' END, NULL, NULL
        WHERE (n.gone_at IS NOT NULL) <> n.gone
    ) AS d(layer, field, before, after)
    WHERE n.cataloged_at IS NOT NULL
    ORDER BY n.id, d.layer, d.field
  ), written AS (
    UPDATE viewcast.asset a SET declared = n.declared, commented = n.commented, props = n.props,
      cataloged_at = coalesce(a.cataloged_at, clock_timestamp()),
      gone_at = CASE WHEN n.gone THEN coalesce(a.gone_at, clock_timestamp()) END, updated_at = clock_timestamp()
    FROM differing n WHERE a.id = n.id RETURNING a.id
  )
  SELECT count(*) INTO assets_changed FROM written;

  WITH left_out AS (
    UPDATE viewcast.asset a SET gone_at = clock_timestamp(), updated_at = clock_timestamp()
    WHERE p_is_complete AND a.namespace = p_project AND a.cataloged_at IS NOT NULL AND a.gone_at IS NULL
      AND a.kind NOT IN ('source', 'deployment', 'consumer')
      AND a.id NOT IN (SELECT g.id FROM jsonb_to_recordset(p_assets) AS g(id uuid))
    RETURNING a.id
  ), said AS (
    INSERT INTO viewcast.catalog_change (asset_id, layer, field, actor, execution_id)
    SELECT id, 'presence', 'gone', p_actor, p_run FROM left_out ORDER BY id
  )
  SELECT count(*) INTO gone FROM left_out;
  assets_changed := assets_changed + gone;
  RETURN NEXT;
END
$$;
