"""What the catalog tells us: the passes that are for sale, and who works where."""

from uuid import UUID

from psycopg.types.json import Jsonb
from typing_extensions import override

from libs.events.catalog import (
    PassArchived,
    PassPublished,
    SpaceCreated,
    TeamMemberAdded,
    TeamMemberRemoved,
)
from libs.events.envelope import Envelope
from libs.runtime.views.view import View, ViewCursor


class PassSale(View):
    """What the catalog offers now: the newest version of each pass."""

    name = "pass_sale"
    tables = ("pass_sale",)
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
        )
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


class TeamList(View):
    """Who works in which space, as the catalog says; `role` NULL for those who left."""

    name = "team_list"
    tables = ("team_list",)
    ddl = """
        CREATE TABLE IF NOT EXISTS team_list (
            space_id uuid NOT NULL,
            person_id uuid NOT NULL,
            role text,
            version bigint NOT NULL,
            PRIMARY KEY (space_id, person_id)
        )
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        match event:
            case SpaceCreated():
                self._put(curs, event.space_id, event.owner_id, "owner", about.entity_version)
            case TeamMemberAdded():
                self._put(curs, event.space_id, event.person_id, event.role, about.entity_version)
            case TeamMemberRemoved():
                self._put(curs, event.space_id, event.person_id, None, about.entity_version)
            case _:
                pass

    def _put(
        self, curs: ViewCursor, space_id: UUID, person_id: UUID, role: str | None, version: int
    ) -> None:
        curs.execute(
            "INSERT INTO team_list AS t (space_id, person_id, role, version)"
            " VALUES (%s, %s, %s, %s) ON CONFLICT (space_id, person_id) DO UPDATE"
            " SET role = excluded.role, version = excluded.version"
            " WHERE t.version < excluded.version",
            (space_id, person_id, role, version),
        )
