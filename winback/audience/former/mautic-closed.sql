-- Do not contact by e-mail: 1 they unsubscribed, 2 it bounced, 3 somebody of the shop said so.
SELECT
    l.email AS email,
    CASE
        WHEN LOWER(d.comments) LIKE '%complain%' OR LOWER(d.comments) LIKE '%spam%' THEN 'complained'
        WHEN d.reason = 2 THEN 'bounced'
        ELSE 'unsubscribed'
    END AS status,
    d.date_added AS since
FROM {prefix}lead_donotcontact d
JOIN {prefix}leads l ON l.id = d.lead_id
WHERE d.channel = 'email' AND d.reason <> 0 AND l.email <> ''
ORDER BY d.id
