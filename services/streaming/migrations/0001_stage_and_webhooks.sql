-- The one place on air that each experience has; whoever is in the row holds it.
CREATE TABLE stage (
    experience_id uuid PRIMARY KEY,
    stream_id uuid NOT NULL
);

-- What the video provider told us, word for word, before anything is done about it.
CREATE TABLE webhook_inbox (
    event_id text PRIMARY KEY,
    kind text NOT NULL,
    body text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    handled_at timestamptz
);
CREATE INDEX webhook_inbox_open ON webhook_inbox (received_at) WHERE handled_at IS NULL;
