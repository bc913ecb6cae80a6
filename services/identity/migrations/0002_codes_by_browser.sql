-- Codes belong to the browser that asked; limits count by the inbox that a mail server reads.
ALTER TABLE sign_in_codes ADD COLUMN inbox text NOT NULL DEFAULT '';
ALTER TABLE sign_in_codes ADD COLUMN refused_with integer;
DROP INDEX sign_in_codes_by_address;
CREATE INDEX sign_in_codes_by_browser ON sign_in_codes (address, browser_hash, number);

-- Browsers that have signed in to an address before; erased with the person.
CREATE TABLE known_browsers (
    address text NOT NULL,
    browser_hash bytea NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (address, browser_hash)
);
