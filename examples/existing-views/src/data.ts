/** The base tables, and twenty thousand customers who buy with a probability that is known. */
import { truth } from './truth.ts'

/** Number of customers; the US has the most, so it is the base level. */
const customers = 20_000

export const tables = `
  CREATE TABLE "Customer" (
    "Key" int4 PRIMARY KEY,
    "Country" text NOT NULL
  );
  CREATE TABLE "Visit" (
    "Visit" int4 PRIMARY KEY,
    "Key" int4 NOT NULL REFERENCES "Customer",
    "Seconds" int4 NOT NULL,
    "Clicks" int4 NOT NULL,
    "IsBot" boolean NOT NULL
  );
  CREATE TABLE "Order" (
    "Key" int4 PRIMARY KEY REFERENCES "Customer"
  )`

/** A uniform number in [0, 1) that depends on nothing but a text: the same rows on every engine, every time. */
const uniform = (text: string): string => `(('x' || left(md5(${text}), 8))::bit(32)::int8 / 4294967296.0)::float8`

export const rows = `
  INSERT INTO "Customer"
    SELECT k, CASE WHEN u < 0.4 THEN 'US' WHEN u < 0.65 THEN 'DE' WHEN u < 0.85 THEN 'FR' ELSE 'JP' END
    FROM (SELECT k, ${uniform(`'country ' || k`)} AS u FROM generate_series(1, ${customers}) AS k) AS drawn;

  -- One to six visits each; some are made by bots, which the views leave out.
  INSERT INTO "Visit"
    SELECT
      row_number() OVER (ORDER BY k, n),
      k,
      20 + floor(880 * ${uniform(`'seconds ' || k || ' ' || n`)}),
      floor(9 * ${uniform(`'clicks ' || k || ' ' || n`)}),
      n > 1 AND ${uniform(`'bot ' || k || ' ' || n`)} < 0.05
    FROM generate_series(1, ${customers}) AS k, generate_series(1, 6) AS n
    WHERE n <= 1 + floor(6 * ${uniform(`'visits ' || k`)});

  INSERT INTO "Order"
    SELECT "Key"
    FROM (
      SELECT
        c."Key",
        ${truth['(intercept)']}
          + ${truth.AverageTimeSpent} * avg(v."Seconds") / 60
          + ${truth.NumberOfClicks} * sum(v."Clicks")
          + CASE c."Country"
              WHEN 'DE' THEN ${truth['Country=DE']}
              WHEN 'FR' THEN ${truth['Country=FR']}
              WHEN 'JP' THEN ${truth['Country=JP']}
              ELSE 0
            END AS logit
      FROM "Customer" AS c
      JOIN "Visit" AS v ON v."Key" = c."Key" AND NOT v."IsBot"
      GROUP BY c."Key"
    ) AS inclined
    WHERE ${uniform(`'order ' || "Key"`)} < 1 / (1 + exp(-logit::float8))`
