-- Who wants no e-mail from which space; mails about money go out regardless.
CREATE TABLE mail_opt_outs (
    person_id uuid NOT NULL,
    space_id uuid NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (person_id, space_id)
);
