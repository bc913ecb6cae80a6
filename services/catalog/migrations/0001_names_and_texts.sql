-- Names are unique by constraint. A pass is named within its space: scope 'pass of {space id}'.
CREATE TABLE claimed_names (
    scope  text NOT NULL,
    name   text NOT NULL,
    holder uuid NOT NULL,
    PRIMARY KEY (scope, name)
);

-- Personal: erased with the person, never part of an event.
CREATE TABLE profile_texts (
    profile_id   uuid PRIMARY KEY,
    username     text NOT NULL UNIQUE,
    display_name text NOT NULL,
    bio          text NOT NULL
);
