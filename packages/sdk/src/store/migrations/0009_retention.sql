-- Takes away for good what was deleted long ago. The owner's: no access that is granted has it.
--
-- What belongs to a run goes with it; what only names it (a version it made, an edge it confirmed) stays and names nobody.
-- Which is which follows from the foreign keys, so that tables of later migrations are looked after, too.
CREATE FUNCTION viewcast.purge_runs(p_before timestamptz) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  gone uuid[];
  k record;
BEGIN
  SELECT array_agg(id) INTO gone FROM (
    SELECT id FROM viewcast.execution WHERE lifecycle = 'deleted' AND deleted_at < p_before FOR UPDATE
  ) e;
  IF gone IS NULL THEN
    RETURN 0;
  END IF;
  FOR k IN
    SELECT c.conrelid::regclass AS place, a.attname AS name, a.attnotnull AS belongs
    FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    WHERE c.contype = 'f' AND c.confrelid = 'viewcast.execution'::regclass
    ORDER BY 1, 2
  LOOP
    IF k.belongs THEN
      EXECUTE format('DELETE FROM %s WHERE %I = ANY ($1)', k.place, k.name) USING gone;
    ELSE
      EXECUTE format('UPDATE %s SET %I = NULL WHERE %I = ANY ($1)', k.place, k.name, k.name) USING gone;
    END IF;
  END LOOP;
  DELETE FROM viewcast.execution WHERE id = ANY (gone);
  RETURN cardinality(gone);
END
$$;
REVOKE ALL ON FUNCTION viewcast.purge_runs(timestamptz) FROM PUBLIC;
