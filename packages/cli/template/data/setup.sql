-- The tables of the sample shop, made by arithmetic: the same rows on every machine. Running it again adds nothing.

create table if not exists customers (
  customer_id integer primary key,
  country text not null,
  plan text not null,
  signed_up_at timestamptz not null
);

create table if not exists orders (
  order_id integer primary key,
  customer_id integer not null references customers,
  ordered_at timestamptz not null,
  amount numeric(10, 2) not null
);

-- The index that point-in-time questions need: keys, then time.
create index if not exists orders_customer_time on orders (customer_id, ordered_at);

-- A number from 0 to 1 that depends on its arguments only: the product of two remainders modulo a prime.
create or replace function pg_temp.chance(a integer, b integer, salt integer) returns float8
language sql immutable
as $$
  select (
    ((a * 1103515245::bigint + b * 845190137::bigint + salt * 1540483477::bigint) % 2147483647)
    * ((a * 1664525::bigint + b * 1013904223::bigint + salt * 374761393::bigint + 97) % 2147483647)
    % 2147483647
  ) / 2147483647::float8
$$;

insert into customers (customer_id, country, plan, signed_up_at)
select
  id,
  (array['DE', 'FR', 'NL', 'PL'])[1 + floor(4 * pg_temp.chance(id, 0, 1))::integer],
  (array['free', 'free', 'free', 'plus', 'plus', 'pro'])[1 + floor(6 * pg_temp.chance(id, 0, 2))::integer],
  timestamptz '2024-12-01 00:00Z' + floor(330 * 24 * 60 * pg_temp.chance(id, 0, 3)) * interval '1 minute'
from generate_series(1, 400) as id
on conflict (customer_id) do nothing;

-- Every customer orders at a pace of their own, more often on the paid plans, and one day most of them stop.
insert into orders (order_id, customer_id, ordered_at, amount)
select id * 1000 + n, id, signed_up_at + day * interval '1 day', amount
from (
  select
    id,
    n,
    signed_up_at,
    stays,
    sum(3 * pg_temp.chance(id, n, 4) ^ 2 / pace) over (partition by id order by n) as day,
    round(((12 + 50 * pg_temp.chance(id, n, 5)) * generosity)::numeric, 2) as amount
  from (
    select
      customer_id as id,
      signed_up_at,
      case plan when 'pro' then 1.6 when 'plus' then 1.2 else 1 end as generosity,
      case plan when 'pro' then 0.060 when 'plus' then 0.035 else 0.018 end
        * case country when 'NL' then 1.3 when 'PL' then 0.7 else 1 end
        * (0.2 + 1.6 * pg_temp.chance(customer_id, 0, 6)) as pace,
      20 + 600 * pg_temp.chance(customer_id, 0, 7) as stays
    from customers
  ) as customer
  cross join generate_series(1, 80) as n
) as event
where day < stays and signed_up_at + day * interval '1 day' < timestamptz '2026-01-01 00:00Z'
on conflict (order_id) do nothing;

analyze customers;
analyze orders;
