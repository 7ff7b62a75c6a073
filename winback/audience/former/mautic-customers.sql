-- Contacts that can be reached. Mautic keeps no proof that somebody agreed, so nobody comes with a consent; whoever must not be contacted
-- by e-mail comes with a no. Its moments are UTC.
SELECT
    l.id AS id,
    l.email AS email,
    l.firstname AS given_name,
    l.lastname AS family_name,
    COALESCE(NULLIF(l.mobile, ''), l.phone) AS phone,
    l.city AS city,
    l.preferred_locale AS locale,
    l.timezone AS time_zone,
    CASE WHEN d.left_at IS NULL THEN '' ELSE 'no' END AS agreed,
    d.left_at AS withdrawn_at
FROM {prefix}leads l
LEFT JOIN (
    SELECT lead_id, MIN(date_added) AS left_at
    FROM {prefix}lead_donotcontact
    WHERE channel = 'email' AND reason <> 0
    GROUP BY lead_id
) d ON d.lead_id = l.id
WHERE l.email <> '' OR l.mobile <> '' OR l.phone <> ''
ORDER BY l.id
