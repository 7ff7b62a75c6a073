-- The tables and columns of Mautic that the import reads, by its entities, with a prefix; in SQL that SQLite and PostgreSQL share.
CREATE TABLE m_leads (
    id integer PRIMARY KEY, date_identified timestamp, title varchar(191), firstname varchar(191), lastname varchar(191), email varchar(191),
    phone varchar(191), mobile varchar(191), city varchar(191), country varchar(191), preferred_locale varchar(191), timezone varchar(191),
    points integer NOT NULL DEFAULT 0);
CREATE TABLE m_lead_donotcontact (
    id integer PRIMARY KEY, lead_id integer, date_added timestamp NOT NULL, reason smallint NOT NULL, channel varchar(191) NOT NULL,
    channel_id integer, comments text);
CREATE TABLE m_email_stats (
    id integer PRIMARY KEY, email_id integer, lead_id integer, email_address varchar(191) NOT NULL, date_sent timestamp NOT NULL,
    is_read boolean NOT NULL, is_failed boolean NOT NULL, date_read timestamp, open_count integer);
CREATE TABLE m_page_hits (
    id integer PRIMARY KEY, email_id integer, lead_id integer, date_hit timestamp NOT NULL, source varchar(191), source_id integer, url text);
CREATE TABLE m_email_stat_replies (id varchar(36) PRIMARY KEY, stat_id integer NOT NULL, date_replied timestamp NOT NULL, message_id varchar(191));

INSERT INTO m_leads (id, firstname, lastname, email, phone, mobile, city, country, preferred_locale, timezone) VALUES
    (1, 'Anna', 'Koval', 'anna@zerno.example', NULL, '+380671234567', 'Lviv', 'Ukraine', 'uk', 'Europe/Kyiv'),
    (2, 'Bohdan', NULL, 'bohdan@zerno.example', NULL, NULL, NULL, NULL, NULL, NULL),
    (3, 'Vira', NULL, 'vira@zerno.example', NULL, NULL, NULL, NULL, NULL, NULL),
    (4, 'Hlib', NULL, 'hlib@zerno.example', NULL, NULL, NULL, NULL, NULL, NULL),
    (5, 'Dana', NULL, NULL, '+380671234568', NULL, NULL, NULL, NULL, NULL),
    (6, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO m_lead_donotcontact (id, lead_id, date_added, reason, channel, comments) VALUES
    (1, 2, '2024-05-01 10:00:00', 1, 'email', 'User unsubscribed.'),
    (2, 3, '2024-05-02 10:00:00', 2, 'email', 'mailbox unknown'),
    (3, 4, '2024-05-03 10:00:00', 1, 'email', 'Complaint by the provider'),
    (4, 5, '2024-05-04 10:00:00', 3, 'sms', NULL),
    (5, 1, '2024-05-05 10:00:00', 0, 'email', NULL);
INSERT INTO m_email_stats (id, email_id, lead_id, email_address, date_sent, is_read, is_failed) VALUES
    (1, 1, 1, 'anna@zerno.example', '2024-04-01 10:00:00', TRUE, FALSE),
    (2, 1, 2, 'bohdan@zerno.example', '2024-04-01 10:00:00', TRUE, FALSE),
    (3, 1, 3, 'vira@zerno.example', '2024-04-01 10:00:00', FALSE, TRUE),
    (4, 2, 1, 'anna@zerno.example', '2024-04-08 10:00:00', FALSE, FALSE),
    (5, 2, NULL, 'gone@zerno.example', '2024-04-08 10:00:00', FALSE, FALSE);
INSERT INTO m_page_hits (id, email_id, lead_id, date_hit, source, source_id) VALUES
    (1, 1, 1, '2024-04-01 12:30:00', 'email', 1), (2, 1, 1, '2024-04-02 12:30:00', 'email', 1), (3, NULL, 2, '2024-04-02 12:30:00', NULL, NULL);
INSERT INTO m_email_stat_replies (id, stat_id, date_replied, message_id) VALUES ('a', 4, '2024-04-08 11:00:00', '<a@mail.example>');
