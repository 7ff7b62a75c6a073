-- The columns of the table facts, counted for everybody. No index: in customer order the planner would fetch ten million rows one by one.
SET LOCAL work_mem = '256MB';
SET LOCAL enable_indexscan = off;
SET LOCAL enable_bitmapscan = off;
SET LOCAL jit = off;

CREATE TABLE facts_by_hand AS
WITH bought AS MATERIALIZED (
    SELECT customer_id,
           count(*) AS orders, min(ordered_at) AS first_at, max(ordered_at) AS last_at, min(ordered_on) AS first_on, max(ordered_on) AS last_on,
           count(*) FILTER (WHERE currency = 'UAH') AS paid,
           sum(amount_minor) FILTER (WHERE currency = 'UAH') AS revenue,
           sum(margin_minor) FILTER (WHERE currency = 'UAH') AS margin,
           sum(amount_minor) FILTER (WHERE currency = 'UAH' AND margin_minor IS NOT NULL) AS margin_known,
           count(*) FILTER (WHERE code <> '') AS codes
    FROM orders WHERE status = 'placed' AND amount_minor > 0 GROUP BY customer_id
), returned AS (
    SELECT customer_id, sum(amount_minor) AS revenue, sum(margin_minor) AS margin,
           sum(amount_minor) FILTER (WHERE margin_minor IS NOT NULL) AS margin_known
    FROM orders WHERE status = 'returned' AND currency = 'UAH' GROUP BY customer_id
), elsewhere AS (
    SELECT customer_id, CASE WHEN min(currency) = max(currency) THEN min(currency) END AS currency
    FROM orders JOIN bought USING (customer_id)
    WHERE paid < bought.orders AND status = 'placed' AND amount_minor > 0 GROUP BY customer_id
), gaps AS (
    -- customer and day packed into one number sort as one
    SELECT c AS customer_id, count(*) FILTER (WHERE gap IS DISTINCT FROM 0) AS days,
           percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY nullif(gap, 0)) AS quantiles
    FROM (SELECT p >> 20 AS c, CASE WHEN (lag(p) OVER w) >> 20 = p >> 20 THEN p - lag(p) OVER w END AS gap
          FROM (SELECT (customer_id << 20) | ordered_on AS p FROM orders WHERE status = 'placed' AND amount_minor > 0 OFFSET 0) AS days
          WINDOW w AS (ORDER BY p)) AS steps
    GROUP BY c
), asked AS (
    SELECT customer_id, count(*) AS inquiries, max(inquired_at) AS last_at, count(*) FILTER (WHERE last_at IS NULL OR inquired_at > last_at) AS since
    FROM inquiries LEFT JOIN bought USING (customer_id) GROUP BY customer_id
), reacted AS (
    SELECT customer_id, max(at) AS last_at
    FROM (SELECT customer_id, reacted_at AS at FROM touches WHERE reacted_at IS NOT NULL
          UNION ALL
          SELECT customer_id, happened_at FROM events WHERE verdict = 'human' AND kind IN ('click', 'reply', 'unsubscribe', 'complaint')) AS signs
    GROUP BY customer_id
), touched AS (
    SELECT customer_id, count(*) AS touches, max(at) AS last_at, max(reacted.last_at) AS reacted_at,
           count(*) FILTER (WHERE greatest(reacted.last_at, bought.last_at) IS NULL OR at > greatest(reacted.last_at, bought.last_at)) AS since
    FROM (SELECT customer_id, touched_at AS at FROM touches
          UNION ALL
          SELECT customer_id, sent_at FROM deliveries WHERE sent_at IS NOT NULL) AS made
    LEFT JOIN reacted USING (customer_id) LEFT JOIN bought USING (customer_id)
    GROUP BY customer_id
), told AS (
    SELECT customer_id, count(*) FILTER (WHERE kind = 'complaint') AS complaints,
           max(said_at) FILTER (WHERE kind = 'complaint' AND mended_at IS NULL) AS open_since,
           count(score) AS scores, max(said_at) FILTER (WHERE score IS NOT NULL) AS scored_at,
           (array_agg(score ORDER BY said_at DESC, score) FILTER (WHERE score IS NOT NULL))[1] AS score
    FROM feedback GROUP BY customer_id
)
SELECT c.id AS customer_id, coalesce(b.orders, 0)::int AS orders, coalesce(g.days, 0)::int AS purchase_days,
       b.first_at AS first_order_at, b.last_at AS last_order_at, b.first_on AS first_order_on, b.last_on AS last_order_on,
       CASE WHEN b.orders IS NULL THEN '' WHEN b.paid = b.orders THEN 'UAH' ELSE coalesce(e.currency, '') END::varchar(3) AS currency,
       (coalesce(b.revenue, 0) + coalesce(r.revenue, 0))::bigint AS revenue_minor,
       coalesce(b.paid, 0)::int AS paid_orders, coalesce(b.orders - b.paid, 0)::int AS unpriced_orders,
       (coalesce(b.margin, 0) + coalesce(r.margin, 0))::bigint AS margin_minor,
       (coalesce(b.margin_known, 0) + coalesce(r.margin_known, 0))::bigint AS margin_known_minor,
       coalesce(b.codes, 0)::int AS codes_used,
       g.quantiles[1] AS median_gap, g.quantiles[2] AS long_gap,
       coalesce(a.inquiries, 0)::int AS inquiries, a.last_at AS last_inquiry_at, coalesce(a.since, 0)::int AS inquiries_since_order,
       coalesce(t.touches, 0)::int AS touches, t.last_at AS last_touch_at, t.reacted_at AS last_reaction_at,
       coalesce(t.since, 0)::int AS touches_since_reaction,
       coalesce(f.complaints, 0)::int AS complaints, f.open_since AS last_complaint_at,
       coalesce(f.scores, 0)::int AS scores, f.score AS last_score, f.scored_at AS last_score_at
FROM customers AS c
LEFT JOIN bought AS b ON b.customer_id = c.id
LEFT JOIN returned AS r ON r.customer_id = c.id
LEFT JOIN elsewhere AS e ON e.customer_id = c.id
LEFT JOIN gaps AS g ON g.customer_id = c.id
LEFT JOIN asked AS a ON a.customer_id = c.id
LEFT JOIN touched AS t ON t.customer_id = c.id
LEFT JOIN told AS f ON f.customer_id = c.id
WHERE c.merged_into IS NULL;

ALTER TABLE facts_by_hand ADD PRIMARY KEY (customer_id);
