-- Makes the months that are missing for these instants; returns how many. Who adds rows may call it.
--
-- A table is made and then attached: that waits for nobody who reads or writes, unlike making it as a part at once.
CREATE OR REPLACE FUNCTION viewcast.make_prediction_months(p_instants timestamptz[]) RETURNS integer
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
      -- Another may have made it while this one waited. A second look would not see it: the session remembers that there was
      -- none, and waiting for an advisory lock tells it nothing.
      BEGIN
        EXECUTE format('CREATE TABLE viewcast.%I (LIKE viewcast.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, parent);
        EXECUTE format('ALTER TABLE viewcast.%I ATTACH PARTITION viewcast.%I FOR VALUES FROM (%L) TO (%L)',
          parent, part, month, month + interval '1 month');
        made := made + 1;
      EXCEPTION WHEN duplicate_table THEN NULL;
      END;
    END LOOP;
  END LOOP;
  RETURN made;
END
$$;
