/** A shop as people have them: tables, and views of every kind in a schema of their own. */
export const shopTables = `
  CREATE TYPE mood AS ENUM ('glad', 'sad');
  CREATE TABLE customers (
    customer_id int8 PRIMARY KEY, email text UNIQUE, country text NOT NULL, mood mood, signed_up_at timestamptz NOT NULL);
  COMMENT ON COLUMN customers.country IS 'ISO code of the
    country';
  CREATE TABLE orders (
    order_id int8 PRIMARY KEY, customer_id int8 NOT NULL REFERENCES customers, amount numeric NOT NULL,
    tags text[], details jsonb, ordered_at timestamptz NOT NULL);
  CREATE TABLE routes (origin text, dest text, distance float8, PRIMARY KEY (origin, dest));
  CREATE TABLE balances (
    customer_id int8 NOT NULL, changed_at timestamptz NOT NULL, balance float8, loaded_at timestamptz, PRIMARY KEY (customer_id, changed_at));
  CREATE TABLE local_balances (
    customer_id int8 NOT NULL, changed_at timestamp NOT NULL, balance float8, PRIMARY KEY (customer_id, changed_at));
  INSERT INTO customers SELECT i, 'c' || i, (ARRAY['DE', 'FR', 'NL'])[1 + i % 3], CASE i % 3 WHEN 0 THEN 'glad'::mood WHEN 1 THEN 'sad'::mood END,
    timestamptz '2024-01-01Z' + i * interval '1 hour' FROM generate_series(1, 30) i;
  INSERT INTO orders SELECT i, 1 + i % 30, i % 17, ARRAY['a', 'b'], '{"a": 1}', timestamptz '2024-02-01Z' + i * interval '7 hours' FROM generate_series(1, 200) i;
  INSERT INTO routes SELECT 'A' || i, 'B' || i % 3, i FROM generate_series(1, 9) i;
  INSERT INTO balances SELECT 1 + i % 30, timestamptz '2024-02-01Z' + i * interval '11 hours', i * 1.5, timestamptz '2024-02-02Z' + i * interval '11 hours' FROM generate_series(1, 120) i;
  INSERT INTO local_balances SELECT customer_id, changed_at AT TIME ZONE 'UTC', balance FROM balances;
`

/** Every view by its name; the first word of the comment is what it should be imported as. */
export const shopViews: Readonly<Record<string, string>> = {
  // static, by the primary key of the table it reads
  profile: 'SELECT customer_id, country, mood FROM customers',
  // static, by GROUP BY; json and arrays are no features; sums up orders whatever the instant
  spending: `-- What a customer spent, all in all.
SELECT customer_id, sum(amount) AS spent, count(*) AS orders, max(ordered_at) AS last_order, jsonb_agg(details) AS details
FROM orders GROUP BY customer_id`,
  // static, through CTEs as dbt people write them
  first_order: `WITH numbered AS (
  SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY ordered_at, order_id) AS n FROM orders
), final AS (
  SELECT customer_id, amount AS first_amount, tags FROM numbered WHERE n = 1
)
SELECT * FROM final`,
  // history, by the primary key with its time
  balance: 'SELECT customer_id, changed_at, balance, loaded_at FROM balances',
  // history of periods: known only at their end
  daily: `SELECT customer_id, date_trunc('day', ordered_at) AS day, sum(amount) AS spent_that_day
FROM orders GROUP BY customer_id, date_trunc('day', ordered_at)`,
  // left out: no instant
  "local'balance": 'SELECT customer_id, changed_at, balance FROM local_balances',
  // static, of another entity with a composite key
  route_length: 'SELECT origin, dest, distance FROM routes',
  // static, of the order; its customer is a key of another thing
  order_size: 'SELECT order_id, customer_id, amount FROM orders',
  // nothing proves one row per customer
  'Mixed Case': 'SELECT c.customer_id, o.amount AS "Amount" FROM customers c JOIN orders o USING (customer_id)',
  // no key
  totals: 'SELECT count(*) AS n, sum(amount) AS amount FROM orders',
  // sample and target
  train_sample: `SELECT customer_id, timestamptz '2024-03-01Z' AS as_of FROM customers`,
  target_reorder: 'SELECT customer_id, customer_id % 2 = 0 AS reordered FROM customers',
}
