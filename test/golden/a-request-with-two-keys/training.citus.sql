-- Training query of dataset "asking", written by viewcast.
--
-- sample    requests: one row per sample row, whatever the views return
-- features  by_cell, asks
-- as of     each row sees only what was there before its own as_of
-- dialect   citus: one distributed plan; plain PostgreSQL gives the same rows
WITH
  requests AS NOT MATERIALIZED (
    select
      q.question,
      q.place,
      q.as_of,
      w.region,
      cast(q.wanted as float8) as urgency
    from
      questions as q
      left join places as w on w.place = q.place
  ),
  by_cell AS NOT MATERIALIZED (
    select
      place,
      region,
      size as cell_size
    from
      places
  )
SELECT
  requests.question,
  requests.place,
  requests.as_of,
  by_cell.cell_size::float8 AS cell_size,
  requests.urgency,
  requests.region
FROM
  requests
  LEFT JOIN by_cell ON by_cell.place = requests.place
  AND by_cell.region = requests.region
