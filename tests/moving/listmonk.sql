-- The tables, columns and types of listmonk that the import reads, as its schema.sql of 2024 has them, filled with made-up people.
CREATE TYPE list_type AS ENUM ('public', 'private', 'temporary');
CREATE TYPE list_optin AS ENUM ('single', 'double');
CREATE TYPE subscriber_status AS ENUM ('enabled', 'disabled', 'blocklisted');
CREATE TYPE subscription_status AS ENUM ('unconfirmed', 'confirmed', 'unsubscribed');
CREATE TYPE campaign_status AS ENUM ('draft', 'running', 'scheduled', 'paused', 'cancelled', 'finished');
CREATE TYPE campaign_type AS ENUM ('regular', 'optin');
CREATE TYPE bounce_type AS ENUM ('soft', 'hard', 'complaint');
CREATE TABLE subscribers (
    id serial PRIMARY KEY, uuid uuid NOT NULL UNIQUE, email text NOT NULL UNIQUE, name text NOT NULL, attribs jsonb NOT NULL DEFAULT '{}',
    status subscriber_status NOT NULL DEFAULT 'enabled', created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now());
CREATE TABLE lists (
    id serial PRIMARY KEY, uuid uuid NOT NULL UNIQUE, name text NOT NULL, type list_type NOT NULL, optin list_optin NOT NULL DEFAULT 'single',
    tags varchar(100)[], description text NOT NULL DEFAULT '', created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now());
CREATE TABLE subscriber_lists (
    subscriber_id integer REFERENCES subscribers(id), list_id integer REFERENCES lists(id), meta jsonb NOT NULL DEFAULT '{}',
    status subscription_status NOT NULL DEFAULT 'unconfirmed', created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now(),
    PRIMARY KEY (subscriber_id, list_id));
CREATE TABLE campaigns (
    id serial PRIMARY KEY, uuid uuid NOT NULL UNIQUE, name text NOT NULL, subject text NOT NULL, from_email text NOT NULL, body text NOT NULL,
    status campaign_status NOT NULL DEFAULT 'draft', type campaign_type DEFAULT 'regular', messenger text NOT NULL,
    to_send int NOT NULL DEFAULT 0, sent int NOT NULL DEFAULT 0, max_subscriber_id int NOT NULL DEFAULT 0, last_subscriber_id int NOT NULL DEFAULT 0,
    started_at timestamptz, created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now());
CREATE TABLE campaign_lists (
    id bigserial PRIMARY KEY, campaign_id integer NOT NULL REFERENCES campaigns(id), list_id integer REFERENCES lists(id), list_name text NOT NULL DEFAULT '');
CREATE TABLE campaign_views (
    id bigserial PRIMARY KEY, campaign_id integer NOT NULL REFERENCES campaigns(id), subscriber_id integer REFERENCES subscribers(id),
    created_at timestamptz DEFAULT now());
CREATE TABLE links (id serial PRIMARY KEY, uuid uuid NOT NULL UNIQUE, url text NOT NULL UNIQUE, created_at timestamptz DEFAULT now());
CREATE TABLE link_clicks (
    id bigserial PRIMARY KEY, campaign_id integer REFERENCES campaigns(id), link_id integer NOT NULL REFERENCES links(id),
    subscriber_id integer REFERENCES subscribers(id), created_at timestamptz DEFAULT now());
CREATE TABLE bounces (
    id serial PRIMARY KEY, subscriber_id integer NOT NULL REFERENCES subscribers(id), campaign_id integer REFERENCES campaigns(id),
    type bounce_type NOT NULL DEFAULT 'hard', source text NOT NULL DEFAULT '', meta jsonb NOT NULL DEFAULT '{}', created_at timestamptz DEFAULT now());

INSERT INTO lists (id, uuid, name, type, optin) VALUES
    (1, '00000000-0000-0000-0000-000000000001', 'News', 'public', 'double'),
    (2, '00000000-0000-0000-0000-000000000002', 'Offers', 'public', 'single'),
    (3, '00000000-0000-0000-0000-000000000003', 'Buyers', 'private', 'single');
INSERT INTO subscribers (id, uuid, email, name, status, created_at, updated_at) VALUES
    (1, '10000000-0000-0000-0000-000000000001', 'anna@zerno.example', 'Anna Koval', 'enabled', '2024-01-01Z', '2024-01-01Z'),
    (2, '10000000-0000-0000-0000-000000000002', 'bohdan@zerno.example', 'Bohdan', 'enabled', '2024-01-02Z', '2024-01-02Z'),
    (3, '10000000-0000-0000-0000-000000000003', 'vira@zerno.example', 'Vira', 'enabled', '2024-01-03Z', '2024-01-03Z'),
    (4, '10000000-0000-0000-0000-000000000004', 'hlib@zerno.example', 'Hlib', 'blocklisted', '2024-01-04Z', '2024-06-04Z'),
    (5, '10000000-0000-0000-0000-000000000005', 'dana@zerno.example', 'Dana', 'enabled', '2024-01-05Z', '2024-01-05Z'),
    (6, '10000000-0000-0000-0000-000000000006', 'yuri@zerno.example', 'Yuri', 'enabled', '2024-01-06Z', '2024-01-06Z'),
    (7, '10000000-0000-0000-0000-000000000007', 'zoya@zerno.example', 'Zoya', 'enabled', '2024-01-07Z', '2024-01-07Z'),
    (8, '10000000-0000-0000-0000-000000000008', 'broken@', 'Nobody', 'enabled', '2024-01-08Z', '2024-01-08Z');
INSERT INTO subscriber_lists (subscriber_id, list_id, status, meta, created_at, updated_at) VALUES
    (1, 1, 'confirmed', '{"optin_ip": "203.0.113.5"}', '2024-02-01 10:00Z', '2024-02-01 10:05Z'),
    (1, 2, 'unconfirmed', '{}', '2024-01-01 10:00Z', '2024-01-01 10:00Z'),
    (2, 1, 'unconfirmed', '{}', '2024-02-02 10:00Z', '2024-02-02 10:00Z'),
    (3, 2, 'unconfirmed', '{}', '2024-02-03 10:00Z', '2024-02-03 10:00Z'),
    (4, 2, 'unconfirmed', '{}', '2024-02-04 10:00Z', '2024-02-04 10:00Z'),
    (5, 1, 'confirmed', '{}', '2024-02-05 10:00Z', '2024-02-05 10:05Z'),
    (5, 2, 'unsubscribed', '{}', '2024-02-05 10:00Z', '2024-07-05 10:00Z'),
    (6, 2, 'confirmed', '{}', '2024-02-06 10:00Z', '2024-02-06 10:00Z'),
    (7, 3, 'confirmed', '{}', '2024-02-07 10:00Z', '2024-02-07 10:00Z');
INSERT INTO campaigns (id, uuid, name, subject, from_email, body, status, type, messenger, last_subscriber_id, max_subscriber_id, started_at) VALUES
    (1, '20000000-0000-0000-0000-000000000001', 'March', 'Hello', 'shop@zerno.example', '', 'finished', 'regular', 'email', 8, 8, '2024-03-01 09:00Z'),
    (2, '20000000-0000-0000-0000-000000000002', 'April', 'Hello', 'shop@zerno.example', '', 'paused', 'regular', 'email', 3, 8, '2024-04-01 09:00Z'),
    (3, '20000000-0000-0000-0000-000000000003', 'Later', 'Hello', 'shop@zerno.example', '', 'draft', 'regular', 'email', 0, 0, NULL);
INSERT INTO campaign_lists (campaign_id, list_id, list_name) VALUES (1, 1, 'News'), (1, 2, 'Offers'), (2, 2, 'Offers'), (3, 2, 'Offers');
INSERT INTO campaign_views (campaign_id, subscriber_id, created_at) VALUES (1, 7, '2024-03-02 08:00Z'), (1, NULL, '2024-03-02 08:00Z');
INSERT INTO links (id, uuid, url) VALUES (1, '30000000-0000-0000-0000-000000000001', 'https://zerno.example/tea');
INSERT INTO link_clicks (campaign_id, link_id, subscriber_id, created_at) VALUES
    (1, 1, 1, '2024-03-01 12:00Z'), (1, 1, 1, '2024-03-01 11:00Z'), (1, 1, NULL, '2024-03-01 12:00Z');
INSERT INTO bounces (subscriber_id, campaign_id, type, created_at) VALUES
    (6, 1, 'hard', '2024-03-01 09:01Z'), (3, 1, 'soft', '2024-03-01 09:01Z');
