-- What comes from what, by asset and by column, with the time it was so.
--
-- column_node → column_edge is the graph. Its nodes are numbers, because a walk visits many of them. What a version of a
-- model is made of are nodes of that version: a deployment of version 5 does not depend on what only version 7 reads. They
-- never change, and count while the version is in use.

CREATE TABLE viewcast.asset_edge (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  from_asset uuid NOT NULL REFERENCES viewcast.asset,
  to_asset uuid NOT NULL REFERENCES viewcast.asset,
  -- The version of a model that it belongs to.
  artifact_id uuid REFERENCES viewcast.artifact,
  -- The run or registration that said so first, and the last run that confirmed it.
  said_by uuid REFERENCES viewcast.execution,
  confirmed_by uuid REFERENCES viewcast.execution,
  valid_from timestamptz NOT NULL DEFAULT clock_timestamp(),
  valid_to timestamptz CHECK (valid_to >= valid_from)
);
CREATE UNIQUE INDEX asset_edge_now ON viewcast.asset_edge (from_asset, to_asset, artifact_id)
  NULLS NOT DISTINCT WHERE valid_to IS NULL;
CREATE INDEX asset_edge_back ON viewcast.asset_edge (to_asset) INCLUDE (from_asset) WHERE valid_to IS NULL;
CREATE INDEX asset_edge_version ON viewcast.asset_edge (artifact_id) WHERE artifact_id IS NOT NULL;

CREATE TABLE viewcast.column_node (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  asset_id uuid NOT NULL REFERENCES viewcast.asset,
  -- Of a coefficient and of what a model returns: the version. A prediction also has nodes of no version, for those who
  -- read whatever version there is.
  artifact_id uuid REFERENCES viewcast.artifact,
  name text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('column', 'view', 'feature', 'label', 'coefficient', 'prediction', 'reader')),
  UNIQUE NULLS NOT DISTINCT (asset_id, name, artifact_id)
);
CREATE INDEX column_node_version ON viewcast.column_node (artifact_id) WHERE artifact_id IS NOT NULL;

CREATE TABLE viewcast.column_edge (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  from_node integer NOT NULL REFERENCES viewcast.column_node,
  to_node integer NOT NULL REFERENCES viewcast.column_node,
  -- The version of a model that it belongs to.
  artifact_id uuid REFERENCES viewcast.artifact,
  -- Whether it makes up the value or only decides about it.
  is_direct boolean NOT NULL,
  -- Words of the compiler: identity, aggregation, filter, join, …; the encoder of an input; term of a sum.
  how text[] NOT NULL DEFAULT '{}',
  -- Of an edge from a feature into a model: the share of the score that hangs on the feature, 0 to 1.
  share float8 CHECK (share BETWEEN 0 AND 1),
  -- Of a term: the coefficient.
  value float8,
  valid_from timestamptz NOT NULL DEFAULT clock_timestamp(),
  valid_to timestamptz CHECK (valid_to >= valid_from)
);
CREATE UNIQUE INDEX column_edge_now ON viewcast.column_edge (from_node, to_node) WHERE valid_to IS NULL;
CREATE INDEX column_edge_from ON viewcast.column_edge (from_node);
CREATE INDEX column_edge_to ON viewcast.column_edge (to_node);
CREATE INDEX column_edge_version ON viewcast.column_edge (artifact_id) WHERE artifact_id IS NOT NULL;

-- Versions that count: the newest of each model, those that an alias points at, those that are deployed; now, or then.
CREATE FUNCTION viewcast.versions_in_use(at timestamptz DEFAULT NULL) RETURNS SETOF uuid LANGUAGE sql STABLE AS $$
  SELECT newest.id FROM viewcast.asset a CROSS JOIN LATERAL (
    SELECT v.id FROM viewcast.artifact v
    WHERE v.asset_id = a.id AND v.state <> 'deleted' AND (at IS NULL OR v.created_at <= at)
    ORDER BY v.version DESC LIMIT 1
  ) newest WHERE a.kind = 'model'
  UNION
  SELECT h.artifact_id FROM viewcast.alias_history h
  WHERE CASE WHEN at IS NULL THEN h.valid_to IS NULL
        ELSE h.valid_from <= at AND coalesce(h.valid_to > at, true) END
  UNION
  SELECT e.artifact_id FROM viewcast.asset_edge e JOIN viewcast.asset a ON a.id = e.to_asset AND a.kind = 'deployment'
  WHERE e.artifact_id IS NOT NULL
    AND CASE WHEN at IS NULL THEN e.valid_to IS NULL
        ELSE e.valid_from <= at AND coalesce(e.valid_to > at, true) END
$$;

-- Keeps a graph: what is new is added, what is gone is closed, nothing is deleted. Edges name their ends by the place in
-- the arrays of nodes, from 1.
--
-- Only what the caller has said all about is closed, never an edge of a version:
--   'project'     edges into what the project declares, and those of 'relations';
--   'relations'   edges between relations of the database, into deployments that were dropped, and those of 'part';
--   'part'        edges into the assets that have some in the graph, of the same kinds;
--   'deployment'  edges from predictions into the deployment, of any version: it carries one;
--   'consumer'    edges into the consumer.
CREATE FUNCTION viewcast.register_lineage(
  project text, run uuid, scope text, scope_asset uuid,
  node_asset uuid[], node_artifact uuid[], node_name text[], node_kind text[],
  edge_from integer[], edge_to integer[], edge_direct boolean[], edge_how text[],
  edge_share float8[], edge_value float8[]
) RETURNS TABLE (added integer, closed integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  ids integer[];
  lost uuid[];
  told uuid[] := ARRAY(SELECT DISTINCT node_asset[t] FROM unnest(edge_to) AS t);
  at timestamptz;
BEGIN
  -- Two that register the same would each close or add what the other does.
  PERFORM pg_advisory_xact_lock(hashtextextended('viewcast lineage', 0));
  at := clock_timestamp();
  INSERT INTO viewcast.column_node (asset_id, artifact_id, name, kind)
  SELECT DISTINCT u.asset, u.artifact, u.name, u.kind
  FROM unnest(node_asset, node_artifact, node_name, node_kind) AS u(asset, artifact, name, kind)
  WHERE NOT EXISTS (
    SELECT FROM viewcast.column_node n
    WHERE n.asset_id = u.asset AND n.name = u.name AND n.artifact_id IS NOT DISTINCT FROM u.artifact
  );
  SELECT coalesce(array_agg(n.id ORDER BY u.place), '{}') INTO ids
  FROM unnest(node_asset, node_artifact, node_name) WITH ORDINALITY AS u(asset, artifact, name, place)
  JOIN viewcast.column_node n
    ON n.asset_id = u.asset AND n.name = u.name AND n.artifact_id IS NOT DISTINCT FROM u.artifact;

  -- Deployments that somebody dropped carry no version any more.
  lost := ARRAY(
    SELECT a.id FROM viewcast.asset a
    WHERE a.kind = 'deployment' AND NOT EXISTS (
      SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname || '.' || c.relname = a.name)
    AND NOT EXISTS (
      SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname || '.' || p.proname = a.name));

  WITH said AS MATERIALIZED (
    SELECT ids[u.f] AS f, ids[u.t] AS t, u.direct, string_to_array(u.how, ',') AS how
    FROM unnest(edge_from, edge_to, edge_direct, edge_how) AS u(f, t, direct, how)
  ), gone AS (
    UPDATE viewcast.column_edge e SET valid_to = greatest(at, e.valid_from)
    FROM viewcast.column_node t, viewcast.asset ta, viewcast.column_node f, viewcast.asset fa
    WHERE e.valid_to IS NULL AND t.id = e.to_node AND ta.id = t.asset_id AND f.id = e.from_node AND fa.id = f.asset_id
      AND CASE scope
        WHEN 'deployment' THEN ta.id = scope_asset AND fa.kind = 'prediction'
        WHEN 'consumer' THEN ta.id = scope_asset
        ELSE (scope <> 'part' AND ta.id = ANY (lost)) OR (
          e.artifact_id IS NULL AND CASE
            WHEN ta.kind IN ('source', 'deployment')
            THEN fa.kind IN ('source', 'deployment') AND (scope <> 'part' OR ta.id = ANY (told))
            ELSE ta.namespace = project AND ta.kind <> 'consumer' AND (scope = 'project' OR ta.id = ANY (told))
            END)
        END
      AND NOT EXISTS (
        SELECT FROM said s WHERE s.f = e.from_node AND s.t = e.to_node AND s.direct = e.is_direct AND s.how = e.how)
    RETURNING 1
  )
  SELECT count(*) INTO closed FROM gone;

  WITH new AS (
    INSERT INTO viewcast.column_edge
      (from_node, to_node, artifact_id, is_direct, how, share, value, valid_from)
    SELECT ids[u.f], ids[u.t], coalesce(node_artifact[u.t], node_artifact[u.f]), u.direct,
           string_to_array(u.how, ','), u.share, u.value, at
    FROM unnest(edge_from, edge_to, edge_direct, edge_how, edge_share, edge_value)
      AS u(f, t, direct, how, share, value)
    WHERE NOT EXISTS (
      SELECT FROM viewcast.column_edge e
      WHERE e.from_node = ids[u.f] AND e.to_node = ids[u.t] AND e.valid_to IS NULL)
    ON CONFLICT DO NOTHING
    RETURNING 1
  )
  SELECT count(*) INTO added FROM new;

  WITH said AS MATERIALIZED (
    SELECT DISTINCT node_asset[u.f] AS f, node_asset[u.t] AS t, coalesce(node_artifact[u.t], node_artifact[u.f]) AS version
    FROM unnest(edge_from, edge_to) AS u(f, t)
  )
  UPDATE viewcast.asset_edge e SET valid_to = greatest(at, e.valid_from)
  FROM viewcast.asset ta, viewcast.asset fa
  WHERE e.valid_to IS NULL AND ta.id = e.to_asset AND fa.id = e.from_asset
    AND CASE scope
      WHEN 'deployment' THEN ta.id = scope_asset AND fa.kind = 'prediction'
      WHEN 'consumer' THEN ta.id = scope_asset
      ELSE (scope <> 'part' AND ta.id = ANY (lost)) OR (
        e.artifact_id IS NULL AND CASE
          WHEN ta.kind IN ('source', 'deployment')
          THEN fa.kind IN ('source', 'deployment') AND (scope <> 'part' OR ta.id = ANY (told))
          ELSE ta.namespace = project AND ta.kind <> 'consumer' AND (scope = 'project' OR ta.id = ANY (told))
          END)
      END
    AND NOT EXISTS (
      SELECT FROM said s
      WHERE s.f = e.from_asset AND s.t = e.to_asset AND s.version IS NOT DISTINCT FROM e.artifact_id);

  WITH said AS MATERIALIZED (
    SELECT DISTINCT node_asset[u.f] AS f, node_asset[u.t] AS t, coalesce(node_artifact[u.t], node_artifact[u.f]) AS version
    FROM unnest(edge_from, edge_to) AS u(f, t)
  ), confirmed AS (
    UPDATE viewcast.asset_edge e SET confirmed_by = run FROM said s
    WHERE run IS NOT NULL AND e.valid_to IS NULL
      AND e.from_asset = s.f AND e.to_asset = s.t AND e.artifact_id IS NOT DISTINCT FROM s.version
  )
  INSERT INTO viewcast.asset_edge (from_asset, to_asset, artifact_id, said_by, confirmed_by, valid_from)
  SELECT s.f, s.t, s.version, run, run, at FROM said s
  WHERE NOT EXISTS (
    SELECT FROM viewcast.asset_edge e
    WHERE e.from_asset = s.f AND e.to_asset = s.t AND e.artifact_id IS NOT DISTINCT FROM s.version
      AND e.valid_to IS NULL)
  ON CONFLICT DO NOTHING;
  RETURN NEXT;
END
$$;

-- Nodes reached from some: down to what depends on them, up to what they come from; now, or as it was. Breadth first, so
-- that the distance is the shortest, and each node at most twice: by edges that all make up the value, and otherwise. Circles
-- end by that, and the cost is that of the edges reached.
CREATE FUNCTION viewcast.reach(
  starts integer[], is_up boolean DEFAULT false, at timestamptz DEFAULT NULL, depth integer DEFAULT 100
) RETURNS TABLE (node integer, is_direct boolean, distance integer) LANGUAGE sql STABLE AS $$
  -- A state is twice a node, and one more when an edge on the way only decides. The distance may not stand beside it, or
  -- UNION would take the same state at another distance for another row. So each round begins with a mark, a number below
  -- zero: a state is as far away as there are marks before it. That the rows of a round keep the order of those they come
  -- from is how a recursive UNION and a LATERAL work; tests hold distances to those of a walk in memory.
  WITH RECURSIVE walk (state) AS (
    SELECT s.state FROM (
      SELECT -1 AS state, 0 AS place UNION ALL SELECT DISTINCT u * 2, 1 FROM unnest(starts) AS u ORDER BY 2
    ) s
    UNION
    SELECT next.state FROM walk w CROSS JOIN LATERAL (
      SELECT w.state - 1 AS state WHERE w.state < 0 AND w.state >= - depth - 1
      UNION ALL
      SELECT e.to_node * 2 + CASE WHEN e.is_direct THEN w.state & 1 ELSE 1 END
      FROM viewcast.column_edge e
      WHERE NOT is_up AND w.state >= 0 AND e.from_node = w.state / 2
        AND CASE WHEN at IS NULL THEN e.valid_to IS NULL
            ELSE e.valid_from <= at AND coalesce(e.valid_to > at, true) END
        AND (e.artifact_id IS NULL OR e.artifact_id = ANY (ARRAY(SELECT viewcast.versions_in_use(at))))
      UNION ALL
      SELECT e.from_node * 2 + CASE WHEN e.is_direct THEN w.state & 1 ELSE 1 END
      FROM viewcast.column_edge e
      WHERE is_up AND w.state >= 0 AND e.to_node = w.state / 2
        AND CASE WHEN at IS NULL THEN e.valid_to IS NULL
            ELSE e.valid_from <= at AND coalesce(e.valid_to > at, true) END
        AND (e.artifact_id IS NULL OR e.artifact_id = ANY (ARRAY(SELECT viewcast.versions_in_use(at))))
    ) next
  ), placed AS (
    SELECT w.state, count(*) FILTER (WHERE w.state < 0) OVER (ROWS UNBOUNDED PRECEDING) - 1 AS rounds FROM walk w
  )
  SELECT p.state / 2, bool_or(p.state & 1 = 0), min(p.rounds)::integer
  FROM placed p WHERE p.state >= 0 AND p.rounds <= depth GROUP BY 1
$$;

-- The graph as it is, by names.
CREATE VIEW viewcast.lineage_now WITH (security_invoker = true) AS
SELECT fa.kind AS from_kind, fa.namespace AS from_namespace, fa.name AS from_name, f.name AS from_column,
       ta.kind AS to_kind, ta.namespace AS to_namespace, ta.name AS to_name, t.name AS to_column,
       v.version, e.is_direct, e.how, e.share, e.value, e.valid_from
FROM viewcast.column_edge e
JOIN viewcast.column_node f ON f.id = e.from_node
JOIN viewcast.asset fa ON fa.id = f.asset_id
JOIN viewcast.column_node t ON t.id = e.to_node
JOIN viewcast.asset ta ON ta.id = t.asset_id
LEFT JOIN viewcast.artifact v ON v.id = e.artifact_id
WHERE e.valid_to IS NULL
  AND (e.artifact_id IS NULL OR e.artifact_id IN (SELECT viewcast.versions_in_use()));

-- Nodes that a name stands for: all of an asset, or a column of one. Relations may be named without their schema, and as SQL
-- quotes them; names may hold dots, so the longest asset counts.
CREATE FUNCTION viewcast.lineage_nodes(name text, project text DEFAULT NULL, at timestamptz DEFAULT NULL)
RETURNS TABLE (node integer, is_whole boolean) LANGUAGE sql STABLE AS $$
  WITH wanted AS (
    SELECT replace(name, '"', '') AS text
  ), split AS (
    SELECT text AS owner, NULL AS col FROM wanted
    UNION ALL
    SELECT left(text, i - 1), substr(text, i + 1) FROM wanted CROSS JOIN LATERAL generate_series(1, length(text)) AS i
    WHERE substr(text, i, 1) = '.'
  ), known AS (
    SELECT a.id, replace(a.name, '"', '') AS full_name,
           CASE WHEN a.kind IN ('source', 'deployment')
                THEN replace(substr(a.name, strpos(a.name, '.') + 1), '"', '') END AS bare_name
    FROM viewcast.asset a
    WHERE a.lifecycle <> 'deleted' AND (project IS NULL OR a.namespace IN (project, 'database'))
  ), found AS (
    SELECT n.id, s.col IS NULL AS is_whole,
           rank() OVER (ORDER BY s.col IS NULL DESC, length(s.owner) DESC, k.full_name = s.owner DESC) AS place
    FROM split s JOIN known k ON s.owner IN (k.full_name, k.bare_name)
    JOIN viewcast.column_node n ON n.asset_id = k.id AND (s.col IS NULL OR replace(n.name, '"', '') = s.col)
    WHERE n.artifact_id IS NULL OR n.artifact_id = ANY (ARRAY(SELECT viewcast.versions_in_use(at)))
  )
  SELECT id, is_whole FROM found WHERE place = 1
$$;

-- What depends on a column or an asset (or what it comes from), for those who ask in SQL:
-- SELECT * FROM viewcast.impact('public.flights.delay')
CREATE FUNCTION viewcast.impact(
  name text, is_up boolean DEFAULT false, at timestamptz DEFAULT NULL, depth integer DEFAULT 100
) RETURNS TABLE (
  kind text, namespace text, asset text, col text, version integer, is_direct boolean, distance integer
) LANGUAGE sql STABLE AS $$
  SELECT a.kind, a.namespace, a.name, n.name, v.version, r.is_direct, r.distance
  FROM viewcast.reach(ARRAY(SELECT s.node FROM viewcast.lineage_nodes(impact.name, NULL, at) s), is_up, at, depth) r
  JOIN viewcast.column_node n ON n.id = r.node
  JOIN viewcast.asset a ON a.id = n.asset_id
  LEFT JOIN viewcast.artifact v ON v.id = n.artifact_id
  WHERE r.distance > 0
  ORDER BY r.distance, 1, 2, 3, 5, 4
$$;

-- A relation that was known as a source carries a prediction query now: what came from it, and what it comes from, does
-- from the deployment.
CREATE FUNCTION viewcast.move_lineage(old_asset uuid, new_asset uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  at timestamptz := clock_timestamp();
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('viewcast lineage', 0));
  INSERT INTO viewcast.column_node (asset_id, name, kind)
  SELECT new_asset, n.name, n.kind FROM viewcast.column_node n WHERE n.asset_id = old_asset
  ON CONFLICT DO NOTHING;
  WITH pair AS MATERIALIZED (
    SELECT o.id AS old, n.id AS new FROM viewcast.column_node o
    JOIN viewcast.column_node n ON n.asset_id = new_asset AND n.name = o.name AND n.artifact_id IS NULL
    WHERE o.asset_id = old_asset
  ), gone AS (
    UPDATE viewcast.column_edge e SET valid_to = greatest(at, e.valid_from)
    WHERE e.valid_to IS NULL AND (e.from_node IN (SELECT old FROM pair) OR e.to_node IN (SELECT old FROM pair))
    RETURNING e.*
  )
  INSERT INTO viewcast.column_edge (from_node, to_node, artifact_id, is_direct, how, share, value, valid_from)
  SELECT coalesce(f.new, g.from_node), coalesce(t.new, g.to_node), g.artifact_id, g.is_direct, g.how, g.share, g.value, at
  FROM gone g LEFT JOIN pair f ON f.old = g.from_node LEFT JOIN pair t ON t.old = g.to_node
  ON CONFLICT DO NOTHING;
  WITH gone AS (
    UPDATE viewcast.asset_edge e SET valid_to = greatest(at, e.valid_from)
    WHERE e.valid_to IS NULL AND old_asset IN (e.from_asset, e.to_asset)
    RETURNING e.*
  )
  INSERT INTO viewcast.asset_edge (from_asset, to_asset, artifact_id, said_by, confirmed_by, valid_from)
  SELECT CASE g.from_asset WHEN old_asset THEN new_asset ELSE g.from_asset END,
         CASE g.to_asset WHEN old_asset THEN new_asset ELSE g.to_asset END, g.artifact_id, g.said_by, g.confirmed_by, at
  FROM gone g
  ON CONFLICT DO NOTHING;
END
$$;
