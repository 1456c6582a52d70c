-- OpenLineage events, written with what they tell of and sent later, at least once, in the order of each run.

-- Runs that were told of, and how; what ends one is told under the names that started it, whoever ends it.
CREATE TABLE viewcast.announced (
  execution_id uuid PRIMARY KEY REFERENCES viewcast.execution,
  namespace text NOT NULL,
  job text NOT NULL,
  producer text NOT NULL,
  -- Where the tables of this database are, as OpenLineage names them.
  tables text NOT NULL,
  terminal text CHECK (terminal IN ('COMPLETE', 'FAIL', 'ABORT'))
);

CREATE TABLE viewcast.outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  execution_id uuid NOT NULL REFERENCES viewcast.execution,
  type text NOT NULL CHECK (type IN ('START', 'COMPLETE', 'FAIL', 'ABORT', 'OTHER')),
  event jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  next_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  attempts integer NOT NULL DEFAULT 0,
  -- Why the last attempt failed.
  error text,
  -- The sender that has it, and until when that is believed to live.
  claim uuid,
  claimed_until timestamptz,
  sent_at timestamptz,
  -- Refused so often that it waits for somebody to look at it; the events after it are sent.
  set_aside_at timestamptz,
  CHECK (sent_at IS NULL OR set_aside_at IS NULL)
);
CREATE INDEX outbox_due ON viewcast.outbox (next_at, id) WHERE sent_at IS NULL AND set_aside_at IS NULL;
CREATE INDEX outbox_of_run ON viewcast.outbox (execution_id, id);
CREATE INDEX outbox_sent ON viewcast.outbox (sent_at) WHERE sent_at IS NOT NULL;

-- True for the one that is to write the START of a run.
CREATE FUNCTION viewcast.announce(
  p_run uuid, p_namespace text, p_job text, p_producer text, p_tables text
) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH new AS (
    INSERT INTO viewcast.announced (execution_id, namespace, job, producer, tables)
    VALUES (p_run, p_namespace, p_job, p_producer, p_tables)
    ON CONFLICT (execution_id) DO NOTHING RETURNING 1
  )
  SELECT EXISTS (SELECT FROM new)
$$;

-- Writes an event, and returns the type it got. A run has one terminal event. An ABORT that was not sent yet is withdrawn
-- when its run, taken for lost, ends after all; what comes after a terminal event that is out is told as OTHER.
CREATE FUNCTION viewcast.write_event(p_run uuid, p_event jsonb) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  wanted text := p_event ->> 'eventType';
  ended text;
BEGIN
  IF wanted <> 'START' THEN
    -- Of two that end it, one waits here.
    SELECT terminal INTO ended FROM viewcast.announced WHERE execution_id = p_run FOR UPDATE;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'run % was not announced', p_run;
    END IF;
    IF ended = 'ABORT' THEN
      DELETE FROM viewcast.outbox
      WHERE execution_id = p_run AND type = 'ABORT' AND sent_at IS NULL
        AND (claimed_until IS NULL OR claimed_until <= clock_timestamp());
      IF FOUND THEN
        ended := NULL;
      END IF;
    END IF;
    IF ended IS NULL THEN
      UPDATE viewcast.announced SET terminal = wanted WHERE execution_id = p_run;
    ELSE
      wanted := 'OTHER';
    END IF;
  END IF;
  INSERT INTO viewcast.outbox (execution_id, type, event)
  VALUES (p_run, wanted, p_event || jsonb_build_object('eventType', wanted));
  RETURN wanted;
END
$$;

-- Takes events that are due for one sender, for some seconds. Only the first waiting event of a run can be taken, so
-- that the order holds however many send; the ABORT of a run that lives after all is held back.
CREATE FUNCTION viewcast.claim_events(
  p_claim uuid, p_limit integer, p_seconds float8, p_now timestamptz
) RETURNS TABLE (event_id bigint, size integer, attempts integer)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH due AS (
    SELECT o.id FROM viewcast.outbox o
    WHERE o.sent_at IS NULL AND o.set_aside_at IS NULL
      AND o.next_at <= coalesce(p_now, clock_timestamp())
      AND (o.claimed_until IS NULL OR o.claimed_until <= coalesce(p_now, clock_timestamp()))
      AND NOT EXISTS (
        SELECT FROM viewcast.outbox e
        WHERE e.execution_id = o.execution_id AND e.id < o.id AND e.sent_at IS NULL AND e.set_aside_at IS NULL)
      AND NOT (o.type = 'ABORT' AND EXISTS (
        SELECT FROM viewcast.execution r WHERE r.id = o.execution_id AND r.state = 'running'))
    ORDER BY o.next_at, o.id
    LIMIT p_limit FOR UPDATE OF o SKIP LOCKED
  )
  UPDATE viewcast.outbox o
  SET claim = p_claim, claimed_until = coalesce(p_now, clock_timestamp()) + make_interval(secs => p_seconds)
  FROM due WHERE o.id = due.id
  RETURNING o.id, pg_column_size(o.event), o.attempts
$$;

-- What became of events that were claimed: 'sent'; 'failed', to be tried again after some seconds; 'aside'; 'released',
-- which were not tried. Returns how many it was said of: a sender that took too long has lost its claim.
CREATE FUNCTION viewcast.settle_events(
  p_claim uuid, p_ids bigint[], p_outcomes text[], p_errors text[], p_seconds float8[], p_now timestamptz
) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  at timestamptz := coalesce(p_now, clock_timestamp());
  settled integer;
BEGIN
  UPDATE viewcast.outbox o SET
    sent_at = CASE u.outcome WHEN 'sent' THEN at END,
    set_aside_at = CASE u.outcome WHEN 'aside' THEN at END,
    attempts = o.attempts + CASE u.outcome WHEN 'released' THEN 0 ELSE 1 END,
    next_at = CASE u.outcome WHEN 'failed' THEN at + make_interval(secs => u.seconds) ELSE o.next_at END,
    error = CASE u.outcome WHEN 'sent' THEN NULL WHEN 'released' THEN o.error ELSE u.error END,
    claim = NULL, claimed_until = NULL
  FROM unnest(p_ids, p_outcomes, p_errors, p_seconds) AS u(id, outcome, error, seconds)
  -- What was sent was sent, whoever holds it now.
  WHERE o.id = u.id AND o.sent_at IS NULL AND (o.claim = p_claim OR u.outcome = 'sent');
  GET DIAGNOSTICS settled = ROW_COUNT;
  RETURN settled;
END
$$;
