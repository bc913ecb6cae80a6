-- The tables of the runtime, the same in every service's own database.

-- What every command reads by its key is not measured while it is small: statements are planned once
-- for each connection, and one that was planned for a table known to fill a page reads all of it for
-- every command, however large it grows, until it is measured again. An unmeasured table is taken
-- for ten pages, which calls for the index. From a thousand rows on any measure does.

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

-- Commands that were carried out, with their answer.
CREATE TABLE IF NOT EXISTS commands (
    command_id uuid PRIMARY KEY,
    answer jsonb,
    done_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (autovacuum_analyze_threshold = 1000, autovacuum_vacuum_threshold = 1000);
-- What was asked under a key that the sender chose: nothing else is answered from memory.
ALTER TABLE commands ADD COLUMN IF NOT EXISTS request text;

-- Events of other services that were handled, by event id: stream sequences start again.
CREATE TABLE IF NOT EXISTS inbox (
    event_id uuid PRIMARY KEY,
    durable text NOT NULL,
    handled_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- From which epoch of its producer on a durable handles messages: what the producer lost with an
-- earlier epoch may still be in the stream, and its ids are given to other events.
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
-- What an operator wants: that the service tries it again, or that nobody ever does.
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
-- The server's process behind the one that works on it: gone means that nobody does.
ALTER TABLE schedule ADD COLUMN IF NOT EXISTS leased_by integer;

-- Which shape of each view is built, so that a changed one is built again.
CREATE TABLE IF NOT EXISTS views (
    name text PRIMARY KEY,
    shape text NOT NULL
);
-- All shapes that it ever had, in the order of their first coming: which of two is the newer one.
ALTER TABLE views ADD COLUMN IF NOT EXISTS known text[] NOT NULL DEFAULT '{}';
UPDATE views SET known = ARRAY[shape] WHERE known = '{}';

CREATE TABLE IF NOT EXISTS migrations (
    name text PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
