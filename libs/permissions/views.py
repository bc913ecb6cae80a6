"""Teams and bans, as each service keeps them for itself."""

from uuid import UUID

from typing_extensions import override

from libs.events.access import BanLifted, PersonBanned
from libs.events.catalog import SpaceCreated, TeamMemberAdded, TeamMemberRemoved
from libs.events.envelope import Envelope
from libs.runtime.views.view import View, ViewCursor


class TeamList(View):
    """Team members as the catalog announced them; `role` is NULL for former members.

    The space's version guards each row: an older message changes nothing.
    """

    name = "team_list"
    tables = ("team_list",)
    subscriptions = (SpaceCreated, TeamMemberAdded, TeamMemberRemoved)
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
                self._put(curs, about, event.space_id, event.owner_id, "owner")
            case TeamMemberAdded():
                self._put(curs, about, event.space_id, event.person_id, event.role)
            case TeamMemberRemoved():
                self._put(curs, about, event.space_id, event.person_id, None)
            case _:
                pass

    @staticmethod
    def _put(
        curs: ViewCursor, about: Envelope, space_id: UUID, person_id: UUID, role: str | None
    ) -> None:
        curs.execute(
            "INSERT INTO team_list AS t (space_id, person_id, role, version)"
            " VALUES (%s, %s, %s, %s) ON CONFLICT (space_id, person_id) DO UPDATE"
            " SET role = excluded.role, version = excluded.version"
            " WHERE t.version < excluded.version",
            (space_id, person_id, role, about.entity_version),
        )


class BanList(View):
    """Bans as access announced them.

    The ban's version guards each row: an older message changes nothing.
    """

    name = "ban_list"
    tables = ("ban_list",)
    subscriptions = (PersonBanned, BanLifted)
    ddl = """
        CREATE TABLE IF NOT EXISTS ban_list (
            space_id uuid NOT NULL,
            person_id uuid NOT NULL,
            banned boolean NOT NULL,
            version bigint NOT NULL,
            PRIMARY KEY (space_id, person_id)
        )
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        if isinstance(event, PersonBanned | BanLifted):
            curs.execute(
                "INSERT INTO ban_list AS b (space_id, person_id, banned, version)"
                " VALUES (%s, %s, %s, %s) ON CONFLICT (space_id, person_id) DO UPDATE"
                " SET banned = excluded.banned, version = excluded.version"
                " WHERE b.version < excluded.version",
                (
                    event.space_id,
                    event.person_id,
                    isinstance(event, PersonBanned),
                    about.entity_version,
                ),
            )
