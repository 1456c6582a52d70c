-- One question per month for every customer there was at that time.
select customers.customer_id, month.as_of
from customers
cross join generate_series(
  timestamptz '2025-02-01 00:00Z', timestamptz '2025-12-01 00:00Z', interval '1 month'
) as month (as_of)
where customers.signed_up_at < month.as_of
