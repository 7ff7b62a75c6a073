-- Whom nobody may write to: the strongest reason that listmonk knows of each.
WITH bad AS (
    SELECT
        subscriber_id,
        MIN(created_at) FILTER (WHERE type = 'complaint') AS complained_at,
        MIN(created_at) FILTER (WHERE type = 'hard') AS bounced_at
    FROM bounces
    GROUP BY subscriber_id
),
leavings AS (
    SELECT subscriber_id, MIN(updated_at) AS left_at
    FROM subscriber_lists
    WHERE status = 'unsubscribed'
    GROUP BY subscriber_id
)
SELECT
    s.email,
    CASE
        WHEN b.complained_at IS NOT NULL THEN 'complained'
        WHEN g.left_at IS NOT NULL THEN 'unsubscribed'
        WHEN b.bounced_at IS NOT NULL THEN 'bounced'
        ELSE s.status::text
    END AS status,
    COALESCE(b.complained_at, g.left_at, b.bounced_at, s.updated_at) AS since
FROM subscribers s
LEFT JOIN bad b ON b.subscriber_id = s.id
LEFT JOIN leavings g ON g.subscriber_id = s.id
WHERE s.status <> 'enabled' OR g.left_at IS NOT NULL OR b.complained_at IS NOT NULL OR b.bounced_at IS NOT NULL
ORDER BY s.id
