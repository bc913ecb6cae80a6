"""The passes on sale, as the catalog publishes them."""

from psycopg.types.json import Jsonb
from typing_extensions import override

from libs.events.catalog import (
    PassArchived,
    PassPublished,
)
from libs.events.envelope import Envelope
from libs.runtime.views.view import View, ViewCursor


class PassSale(View):
    """The newest version of each pass."""

    name = "pass_sale"
    tables = ("pass_sale",)
    subscriptions = (PassPublished, PassArchived)
    ddl = """
        CREATE TABLE IF NOT EXISTS pass_sale (
            pass_id uuid PRIMARY KEY,
            version bigint NOT NULL,
            version_id uuid,
            version_number integer,
            space_id uuid NOT NULL,
            space_slug text,
            space_name text,
            pass_slug text,
            pass_name text,
            experience_ids uuid[],
            terms jsonb,
            archived boolean NOT NULL
        );
        CREATE INDEX IF NOT EXISTS pass_sale_of_space ON pass_sale (space_id);
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        match event:
            case PassPublished():
                curs.execute(
                    """
                    INSERT INTO pass_sale AS p VALUES
                        (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, false)
                    ON CONFLICT (pass_id) DO UPDATE SET
                        version = excluded.version, version_id = excluded.version_id,
                        version_number = excluded.version_number,
                        space_slug = excluded.space_slug, space_name = excluded.space_name,
                        pass_slug = excluded.pass_slug, pass_name = excluded.pass_name,
                        experience_ids = excluded.experience_ids, terms = excluded.terms,
                        archived = false
                    WHERE p.version < excluded.version
                    """,
                    (
                        event.pass_id,
                        about.entity_version,
                        event.version_id,
                        event.version_number,
                        event.space_id,
                        event.space_slug,
                        event.space_name,
                        event.slug,
                        event.name,
                        list(event.experience_ids),
                        Jsonb(event.terms.model_dump(mode="json")),
                    ),
                )
            case PassArchived():
                curs.execute(
                    "INSERT INTO pass_sale AS p (pass_id, version, space_id, archived)"
                    " VALUES (%s, %s, %s, true) ON CONFLICT (pass_id) DO UPDATE"
                    " SET archived = true, version = excluded.version"
                    " WHERE p.version < excluded.version",
                    (event.pass_id, about.entity_version, event.space_id),
                )
            case _:
                pass
