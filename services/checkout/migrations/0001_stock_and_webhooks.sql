-- The counters that decide. `wanted` is the capacity that the newest version of the pass asks for,
-- `capacity` the one that holds: never below what is already held and sold. NULL is no limit.
CREATE TABLE stock (
    pass_id uuid PRIMARY KEY,
    version_number integer NOT NULL,
    wanted integer,
    capacity integer,
    held integer NOT NULL DEFAULT 0 CHECK (held >= 0),
    sold integer NOT NULL DEFAULT 0 CHECK (sold >= 0),
    CONSTRAINT never_oversold CHECK (held + sold <= capacity)
) WITH (fillfactor = 50);

-- What lets a buyer's browser pay. Not in any event; erased when the order is settled.
CREATE TABLE payment_secrets (
    payment_intent_id text PRIMARY KEY,
    order_id uuid NOT NULL,
    client_secret text NOT NULL
);
CREATE INDEX payment_secrets_by_order ON payment_secrets (order_id);

-- What Stripe told us, verified and as it came, kept so that it can be processed again.
CREATE TABLE webhook_inbox (
    event_id text PRIMARY KEY,
    type text NOT NULL,
    payment_intent_id text,
    body text NOT NULL,
    received_at timestamptz NOT NULL,
    handled_at timestamptz,
    outcome text,
    error text
);
CREATE INDEX webhook_inbox_unhandled ON webhook_inbox (received_at) WHERE handled_at IS NULL;
