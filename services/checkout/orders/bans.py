"""Whom a space keeps out, as access announced it."""

from typing_extensions import override

from libs.events.access import BanLifted, PersonBanned
from libs.events.envelope import Envelope
from libs.runtime.views.view import View, ViewCursor


class BanList(View):
    """Who can't buy in which space.

    Guarded by the version of the ban, so that an older message changes nothing.
    """

    name = "ban_list"
    tables = ("ban_list",)
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
                "INSERT INTO ban_list AS b VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (space_id, person_id) DO UPDATE"
                " SET banned = excluded.banned, version = excluded.version"
                " WHERE b.version < excluded.version",
                (
                    event.space_id,
                    event.person_id,
                    isinstance(event, PersonBanned),
                    about.entity_version,
                ),
            )
