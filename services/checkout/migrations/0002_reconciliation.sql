-- How far our books were compared with the provider's lists: all before `reached` was. `under_way`
-- is the place to which a round has come that is not over yet.
CREATE TABLE reconciliation (
    round text PRIMARY KEY,
    reached timestamptz,
    under_way jsonb
);

-- What a round has met in the provider's lists, for as long as it is under way.
CREATE TABLE seen_at_provider (
    round text NOT NULL,
    movement_id text NOT NULL,
    PRIMARY KEY (round, movement_id)
);
