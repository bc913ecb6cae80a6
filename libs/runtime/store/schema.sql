-- The tables of the runtime, the same in every service's own database.

-- Small tables that every command reads by key are not analyzed. Statements are planned once per
-- connection: a plan for a table known to fill one page scans all of it, however large it grows, until
-- the next plan. PostgreSQL assumes ten pages for a table that was never analyzed, and then uses the
-- index. From a thousand rows on, any statistics lead to the index.

-- `xact` is the transaction that wrote the event, raised by `base` so that it never falls back when
-- the database is restored into a server whose transaction counter is lower.
CREATE TABLE IF NOT EXISTS store_epoch (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    epoch integer NOT NULL,
    base bigint NOT NULL
);
INSERT INTO store_epoch (epoch, base) VALUES (1, 0) ON CONFLICT DO NOTHING;

CREATE TABLE IF NOT EXISTS events (
    originator_id uuid NOT NULL,
    originator_version bigint NOT NULL,
    topic text NOT NULL,
    state bytea NOT NULL,
    notification_id bigint GENERATED ALWAYS AS IDENTITY,
    xact bigint NOT NULL,
    command_id uuid NOT NULL,
    actor text NOT NULL,
    traceparent text,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (originator_id, originator_version)
) WITH (autovacuum_analyze_threshold = 1000, autovacuum_vacuum_threshold = 1000);
CREATE UNIQUE INDEX IF NOT EXISTS events_in_order ON events (xact, notification_id);
CREATE INDEX IF NOT EXISTS events_of_command ON events (command_id);

CREATE TABLE IF NOT EXISTS snapshots (
    originator_id uuid NOT NULL,
    originator_version bigint NOT NULL,
    topic text NOT NULL,
    state bytea NOT NULL,
    PRIMARY KEY (originator_id, originator_version)
) WITH (autovacuum_analyze_threshold = 1000, autovacuum_vacuum_threshold = 1000);

-- Commands that were carried out, with their answers.
CREATE TABLE IF NOT EXISTS commands (
    command_id uuid PRIMARY KEY,
    answer jsonb,
    done_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (autovacuum_analyze_threshold = 1000, autovacuum_vacuum_threshold = 1000);
-- A digest of the request under a key that the sender chose: another request is refused.
ALTER TABLE commands ADD COLUMN IF NOT EXISTS request text;

-- Handled events of other services, by event id, because stream sequences may restart.
CREATE TABLE IF NOT EXISTS inbox (
    event_id uuid PRIMARY KEY,
    durable text NOT NULL,
    handled_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The first epoch of its producer whose messages a durable handles. Events that the producer lost with
-- an earlier epoch may still be in the stream, while other events get their ids.
CREATE TABLE IF NOT EXISTS producer_epochs (
    durable text PRIMARY KEY,
    epoch integer NOT NULL
);

-- Messages that could not be handled, and those of the same entity that wait behind them.
CREATE TABLE IF NOT EXISTS dead_letters (
    dead_letter_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    durable text NOT NULL,
    message_key text NOT NULL,
    entity_key text NOT NULL,
    subject text NOT NULL,
    headers jsonb NOT NULL,
    body bytea NOT NULL,
    error text NOT NULL,
    dead_lettered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (durable, message_key)
);
CREATE INDEX IF NOT EXISTS dead_letters_by_entity ON dead_letters (durable, entity_key);
-- The operator's decision: retry, or skip for good.
ALTER TABLE dead_letters ADD COLUMN IF NOT EXISTS attempts integer NOT NULL DEFAULT 0;
ALTER TABLE dead_letters ADD COLUMN IF NOT EXISTS retry_asked_at timestamptz;
ALTER TABLE dead_letters ADD COLUMN IF NOT EXISTS skipped_at timestamptz;
ALTER TABLE dead_letters ADD COLUMN IF NOT EXISTS skipped_because text;

-- Work that is due at a time, or as soon as possible.
CREATE TABLE IF NOT EXISTS schedule (
    kind text NOT NULL,
    key text NOT NULL,
    due_at timestamptz NOT NULL,
    payload jsonb NOT NULL,
    traceparent text,
    attempts integer NOT NULL DEFAULT 0,
    leased_until timestamptz,
    last_error text,
    PRIMARY KEY (kind, key)
);
CREATE INDEX IF NOT EXISTS schedule_by_due ON schedule (due_at);
-- The PostgreSQL process behind the worker's connection; if it is gone, nobody works on the entry.
ALTER TABLE schedule ADD COLUMN IF NOT EXISTS leased_by integer;

-- The built shape of each view, so that a changed one is rebuilt.
CREATE TABLE IF NOT EXISTS views (
    name text PRIMARY KEY,
    shape text NOT NULL
);
-- All shapes that it ever had, in the order of their first use: the later of two is the newer one.
ALTER TABLE views ADD COLUMN IF NOT EXISTS known text[] NOT NULL DEFAULT '{}';
UPDATE views SET known = ARRAY[shape] WHERE known = '{}';

CREATE TABLE IF NOT EXISTS migrations (
    name text PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
