-- What no event holds: addresses, names, codes (hashed) and tokens (hashed). All of it can be erased.

CREATE TABLE people (
    person_id uuid PRIMARY KEY,
    address text NOT NULL UNIQUE,
    display_name text NOT NULL,
    locale text NOT NULL,
    registered_at timestamptz NOT NULL
);

CREATE TABLE sign_in_codes (
    request_id uuid PRIMARY KEY,
    address text NOT NULL,
    browser_hash bytea NOT NULL,
    network_hash bytea NOT NULL,
    code_hash bytea NOT NULL,
    locale text NOT NULL,
    asked_at timestamptz NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    failures integer NOT NULL DEFAULT 0,
    last_failed_at timestamptz,
    used_at timestamptz
);
CREATE INDEX sign_in_codes_by_address ON sign_in_codes (address, number);
CREATE INDEX sign_in_codes_by_time ON sign_in_codes (asked_at);

CREATE TABLE sessions (
    session_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    token_hash bytea NOT NULL UNIQUE,
    user_agent text NOT NULL,
    started_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL
);
CREATE INDEX sessions_by_person ON sessions (person_id);
