-- The columns of the table facts, counted for everybody. To be run with temp_store = FILE and a small cache: the sorter then sorts pieces that
-- fit the processor's cache. Window functions cost four times as much as ranks read off the row numbers of sorted temporary tables.
CREATE TEMP TABLE days (id INTEGER PRIMARY KEY, packed INTEGER);
INSERT INTO days (packed)
SELECT customer_id << 20 | ordered_on FROM orders INDEXED BY ix_orders_days WHERE status = 'placed' AND amount_minor > 0 ORDER BY customer_id, ordered_on;

CREATE TEMP TABLE steps (id INTEGER PRIMARY KEY, packed INTEGER);
INSERT INTO steps (packed)
SELECT (later.packed >> 20 << 20) | (later.packed - sooner.packed) AS packed
FROM days AS later CROSS JOIN days AS sooner ON sooner.id = later.id - 1
WHERE later.packed >> 20 = sooner.packed >> 20 AND later.packed > sooner.packed ORDER BY packed;

CREATE TEMP TABLE gaps (customer_id INTEGER PRIMARY KEY, days, median, long);
INSERT INTO gaps
SELECT customer_id, n + 1,
       (m.packed & 1048575) + (0.5 * (n - 1) - cast(0.5 * (n - 1) AS INTEGER)) * (m1.packed - m.packed),
       (l.packed & 1048575) + (0.9 * (n - 1) - cast(0.9 * (n - 1) AS INTEGER)) * (l1.packed - l.packed)
FROM (SELECT packed >> 20 AS customer_id, min(id) AS first, count(*) AS n FROM steps GROUP BY packed >> 20) AS each
CROSS JOIN steps AS m ON m.id = first + cast(0.5 * (n - 1) AS INTEGER)
CROSS JOIN steps AS m1 ON m1.id = first + min(cast(0.5 * (n - 1) AS INTEGER) + 1, n - 1)
CROSS JOIN steps AS l ON l.id = first + cast(0.9 * (n - 1) AS INTEGER)
CROSS JOIN steps AS l1 ON l1.id = first + min(cast(0.9 * (n - 1) AS INTEGER) + 1, n - 1);

CREATE TEMP TABLE bought (customer_id INTEGER PRIMARY KEY, orders, first_at, last_at, first_on, last_on, paid, revenue, margin, margin_known, codes);
INSERT INTO bought
SELECT customer_id, count(*), min(ordered_at), max(ordered_at), min(ordered_on), max(ordered_on),
       count(*) FILTER (WHERE currency = 'UAH'), total(amount_minor) FILTER (WHERE currency = 'UAH'),
       total(margin_minor) FILTER (WHERE currency = 'UAH'),
       total(amount_minor) FILTER (WHERE currency = 'UAH' AND margin_minor IS NOT NULL), sum(code <> '')
FROM orders NOT INDEXED WHERE status = 'placed' AND amount_minor > 0 GROUP BY customer_id;

CREATE TEMP TABLE returned (customer_id INTEGER PRIMARY KEY, revenue, margin, margin_known);
INSERT INTO returned
SELECT customer_id, sum(amount_minor), sum(margin_minor), sum(amount_minor) FILTER (WHERE margin_minor IS NOT NULL)
FROM orders NOT INDEXED WHERE status = 'returned' AND currency = 'UAH' GROUP BY customer_id;

CREATE TEMP TABLE asked (customer_id INTEGER PRIMARY KEY, inquiries, last_at, since);
INSERT INTO asked
SELECT customer_id, count(*), max(inquired_at), count(CASE WHEN last_at IS NULL OR inquired_at > last_at THEN 1 END)
FROM inquiries INDEXED BY ix_inquiries_customer_id_inquired_at LEFT JOIN bought USING (customer_id) GROUP BY customer_id;

CREATE TEMP TABLE reacted (customer_id INTEGER PRIMARY KEY, last_at);
INSERT INTO reacted
SELECT customer_id, max(at)
FROM (SELECT customer_id, reacted_at AS at FROM touches WHERE reacted_at IS NOT NULL
      UNION ALL
      SELECT customer_id, happened_at FROM events WHERE verdict = 'human' AND kind IN ('click', 'reply', 'unsubscribe', 'complaint'))
GROUP BY customer_id;

CREATE TEMP TABLE touched (customer_id INTEGER PRIMARY KEY, touches, last_at, reacted_at, since);
INSERT INTO touched
SELECT made.customer_id, count(*), max(at), max(reacted.last_at),
       count(CASE WHEN at > max(coalesce(reacted.last_at, ''), coalesce(bought.last_at, '')) THEN 1 END)
FROM (SELECT customer_id, touched_at AS at FROM touches UNION ALL SELECT customer_id, sent_at FROM deliveries WHERE sent_at IS NOT NULL) AS made
LEFT JOIN reacted ON reacted.customer_id = made.customer_id LEFT JOIN bought ON bought.customer_id = made.customer_id
GROUP BY made.customer_id;

CREATE TEMP TABLE told (customer_id INTEGER PRIMARY KEY, complaints, open_since, scores, scored_at, score);
INSERT INTO told
SELECT customer_id, sum(kind = 'complaint'), max(said_at) FILTER (WHERE kind = 'complaint' AND mended_at IS NULL), count(score),
       max(said_at) FILTER (WHERE score IS NOT NULL), NULL
FROM feedback GROUP BY customer_id;
UPDATE told SET score = (SELECT min(f.score) FROM feedback AS f WHERE f.customer_id = told.customer_id AND f.said_at = told.scored_at)
WHERE scored_at IS NOT NULL;

INSERT INTO facts_by_hand
    (customer_id, orders, purchase_days, first_order_at, last_order_at, first_order_on, last_order_on, currency, revenue_minor, paid_orders,
     unpriced_orders, margin_minor, margin_known_minor, codes_used, median_gap, long_gap, inquiries, last_inquiry_at, inquiries_since_order,
     touches, last_touch_at, last_reaction_at, touches_since_reaction, complaints, last_complaint_at, scores, last_score, last_score_at)
SELECT c.id, coalesce(b.orders, 0), coalesce(g.days, b.orders IS NOT NULL), b.first_at, b.last_at, b.first_on, b.last_on,
       CASE WHEN b.orders IS NULL THEN '' WHEN b.paid = b.orders THEN 'UAH' ELSE coalesce((
           SELECT CASE WHEN min(o.currency) = max(o.currency) THEN min(o.currency) END
           FROM orders AS o WHERE o.customer_id = c.id AND o.status = 'placed' AND o.amount_minor > 0), '') END,
       cast(coalesce(b.revenue, 0) + coalesce(r.revenue, 0) AS INTEGER), coalesce(b.paid, 0), coalesce(b.orders - b.paid, 0),
       cast(coalesce(b.margin, 0) + coalesce(r.margin, 0) AS INTEGER), cast(coalesce(b.margin_known, 0) + coalesce(r.margin_known, 0) AS INTEGER),
       coalesce(b.codes, 0), g.median, g.long,
       coalesce(a.inquiries, 0), a.last_at, coalesce(a.since, 0),
       coalesce(t.touches, 0), t.last_at, t.reacted_at, coalesce(t.since, 0),
       coalesce(f.complaints, 0), f.open_since, coalesce(f.scores, 0), f.score, f.scored_at
FROM customers AS c
LEFT JOIN bought AS b ON b.customer_id = c.id
LEFT JOIN returned AS r ON r.customer_id = c.id
LEFT JOIN gaps AS g ON g.customer_id = c.id
LEFT JOIN asked AS a ON a.customer_id = c.id
LEFT JOIN touched AS t ON t.customer_id = c.id
LEFT JOIN told AS f ON f.customer_id = c.id
WHERE c.merged_into IS NULL;
