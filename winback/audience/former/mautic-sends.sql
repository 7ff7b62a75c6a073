-- Every letter that left, with the first click in it or answer to it. Being opened is no reaction.
SELECT
    st.id AS id,
    st.lead_id AS customer,
    l.email AS email,
    st.date_sent AS touched_at,
    'e-mail' AS channel,
    CASE
        WHEN r.replied_at IS NOT NULL AND (h.hit_at IS NULL OR h.hit_at < st.date_sent OR r.replied_at < h.hit_at) THEN r.replied_at
        WHEN h.hit_at >= st.date_sent THEN h.hit_at
    END AS reacted_at
FROM {prefix}email_stats st
JOIN {prefix}leads l ON l.id = st.lead_id
LEFT JOIN (
    SELECT lead_id, email_id, MIN(date_hit) AS hit_at
    FROM {prefix}page_hits
    WHERE email_id IS NOT NULL AND lead_id IS NOT NULL
    GROUP BY lead_id, email_id
) h ON h.lead_id = st.lead_id AND h.email_id = st.email_id
LEFT JOIN (
    SELECT stat_id, MIN(date_replied) AS replied_at
    FROM {prefix}email_stat_replies
    GROUP BY stat_id
) r ON r.stat_id = st.id
WHERE NOT st.is_failed
ORDER BY st.id
