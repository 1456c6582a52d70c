-- What comes from what, by asset and by column, with the time it was so.

CREATE TABLE viewcast.asset_edge (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  from_asset uuid NOT NULL REFERENCES viewcast.asset,
  to_asset uuid NOT NULL REFERENCES viewcast.asset,
  -- The run or registration that said so first, and the last run that confirmed it.
  said_by uuid REFERENCES viewcast.execution,
  confirmed_by uuid REFERENCES viewcast.execution,
  valid_from timestamptz NOT NULL DEFAULT clock_timestamp(),
  valid_to timestamptz CHECK (valid_to >= valid_from)
);
CREATE UNIQUE INDEX asset_edge_now ON viewcast.asset_edge (from_asset, to_asset) WHERE valid_to IS NULL;
CREATE INDEX asset_edge_back ON viewcast.asset_edge (to_asset) INCLUDE (from_asset) WHERE valid_to IS NULL;

CREATE TABLE viewcast.column_edge (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  from_asset uuid NOT NULL REFERENCES viewcast.asset,
  from_column text NOT NULL,
  to_asset uuid NOT NULL REFERENCES viewcast.asset,
  to_column text NOT NULL,
  -- Whether it makes up the value or only decides about it.
  is_direct boolean NOT NULL,
  -- Words of the compiler: identity, aggregation, filter, join, …; the encoder of an input; term of a sum.
  how text[] NOT NULL DEFAULT '{}',
  -- Of an edge into a prediction: the share of the score that hangs on it, 0 to 1.
  share float8,
  valid_from timestamptz NOT NULL DEFAULT clock_timestamp(),
  valid_to timestamptz CHECK (valid_to >= valid_from)
);
CREATE UNIQUE INDEX column_edge_now ON viewcast.column_edge (from_asset, from_column, to_asset, to_column) WHERE valid_to IS NULL;
CREATE INDEX column_edge_back ON viewcast.column_edge (to_asset, to_column) INCLUDE (from_asset, from_column) WHERE valid_to IS NULL;
