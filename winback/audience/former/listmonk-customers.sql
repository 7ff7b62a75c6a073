-- Who is on lists, and how far each agreed: by a list with double opt-in that was confirmed, else by a public list that people join themselves.
-- A private list was filled by the shop: being on it proves nothing. Whoever left one list has left.
WITH agreements AS (
    SELECT DISTINCT ON (sl.subscriber_id)
        sl.subscriber_id,
        sl.created_at AS given_at,
        CASE WHEN l.optin = 'double' THEN sl.updated_at END AS confirmed_at,
        l.name AS list,
        sl.meta ->> 'optin_ip' AS ip
    FROM subscriber_lists sl
    JOIN lists l ON l.id = sl.list_id
    WHERE (l.optin = 'double' AND sl.status = 'confirmed')
       OR (l.optin = 'single' AND l.type = 'public' AND sl.status <> 'unsubscribed')
    ORDER BY sl.subscriber_id, (l.optin = 'double') DESC, sl.created_at
),
leavings AS (
    SELECT subscriber_id, MIN(updated_at) AS left_at
    FROM subscriber_lists
    WHERE status = 'unsubscribed'
    GROUP BY subscriber_id
)
SELECT
    s.uuid::text AS id,
    s.email,
    s.name,
    CASE WHEN s.status <> 'enabled' OR g.left_at IS NOT NULL THEN 'no' WHEN a.given_at IS NOT NULL THEN 'yes' ELSE '' END AS agreed,
    a.given_at,
    a.confirmed_at,
    COALESCE(g.left_at, s.updated_at) AS withdrawn_at,
    'listmonk, list ' || a.list AS source,
    a.list,
    a.ip
FROM subscribers s
LEFT JOIN agreements a ON a.subscriber_id = s.id
LEFT JOIN leavings g ON g.subscriber_id = s.id
ORDER BY s.id
