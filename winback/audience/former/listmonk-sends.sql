-- listmonk keeps no list of whom a campaign reached. Taken for reached: whoever was on one of its lists when it began and stands at or
-- before the last one it took up; and whoever opened it, clicked in it or bounced. A click is a reaction, being opened isn't.
WITH reached AS (
    SELECT c.id AS campaign_id, sl.subscriber_id
    FROM campaigns c
    JOIN campaign_lists cl ON cl.campaign_id = c.id
    JOIN lists l ON l.id = cl.list_id
    JOIN subscriber_lists sl ON sl.list_id = l.id
    WHERE c.type = 'regular'
      AND c.started_at IS NOT NULL
      AND sl.subscriber_id <= c.last_subscriber_id
      AND sl.created_at <= c.started_at
      AND (sl.status <> 'unsubscribed' OR sl.updated_at > c.started_at)
      AND (l.optin = 'single' OR sl.status <> 'unconfirmed')
    UNION
    SELECT campaign_id, subscriber_id FROM campaign_views
    UNION
    SELECT campaign_id, subscriber_id FROM link_clicks
    UNION
    SELECT campaign_id, subscriber_id FROM bounces
),
clicks AS (
    SELECT campaign_id, subscriber_id, MIN(created_at) AS clicked_at
    FROM link_clicks
    GROUP BY campaign_id, subscriber_id
)
SELECT
    c.uuid::text || '/' || s.uuid::text AS id,
    s.uuid::text AS customer,
    s.email,
    COALESCE(c.started_at, c.created_at) AS touched_at,
    'e-mail' AS channel,
    CASE WHEN k.clicked_at >= COALESCE(c.started_at, c.created_at) THEN k.clicked_at END AS reacted_at
FROM reached r
JOIN campaigns c ON c.id = r.campaign_id
JOIN subscribers s ON s.id = r.subscriber_id
LEFT JOIN clicks k ON k.campaign_id = r.campaign_id AND k.subscriber_id = r.subscriber_id
ORDER BY c.id, s.id
