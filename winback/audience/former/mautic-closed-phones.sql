-- The same by text messages: a phone is closed to every channel that reaches it.
SELECT
    COALESCE(NULLIF(l.mobile, ''), l.phone) AS phone,
    CASE WHEN d.reason = 2 THEN 'bounced' ELSE 'unsubscribed' END AS status,
    d.date_added AS since
FROM {prefix}lead_donotcontact d
JOIN {prefix}leads l ON l.id = d.lead_id
WHERE d.channel = 'sms' AND d.reason <> 0 AND (l.mobile <> '' OR l.phone <> '')
ORDER BY d.id
