-- OpenLineage events, written with what they tell of and sent later, at least once, in order.

CREATE TABLE viewcast.outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  sent_at timestamptz,
  attempts integer NOT NULL DEFAULT 0,
  next_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- The kind of the last failure, without what the target answered.
  error text
);
CREATE INDEX outbox_waiting ON viewcast.outbox (next_at, id) WHERE sent_at IS NULL;
