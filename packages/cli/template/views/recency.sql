-- Days since the last order and since the sign-up, as of each question.
-- Events count only strictly before as_of: what happens at that instant is not known yet.
select
  spine.customer_id,
  spine.as_of,
  extract(epoch from spine.as_of - max(orders.ordered_at)) / 86400 as days_since_order,
  extract(epoch from spine.as_of - min(customers.signed_up_at)) / 86400 as days_since_signup
from spine
left join customers on customers.customer_id = spine.customer_id
left join orders on orders.customer_id = spine.customer_id and orders.ordered_at < spine.as_of
group by spine.customer_id, spine.as_of
