"""Read models of the access service, written in the transaction of the events they show."""

from typing_extensions import override

from libs.events.catalog import (
    ExperienceAdded,
)
from libs.events.envelope import Envelope
from libs.permissions.views import TeamList
from libs.runtime.views.view import View, ViewCursor
from services.access.domain import Ban, Grant


class GrantList(View):
    """Every grant with its window; `revoked_at` is NULL while it is not revoked."""

    name = "grant_list"
    tables = ("grant_list",)
    ddl = """
        CREATE TABLE IF NOT EXISTS grant_list (
            grant_id uuid PRIMARY KEY,
            source_id uuid NOT NULL,
            person_id uuid NOT NULL,
            experience_id uuid NOT NULL,
            space_id uuid NOT NULL,
            reason text NOT NULL,
            valid_from timestamptz NOT NULL,
            valid_until timestamptz,
            revoked_at timestamptz,
            revoked_for text
        );
        CREATE INDEX IF NOT EXISTS grant_list_door ON grant_list (person_id, experience_id);
        CREATE INDEX IF NOT EXISTS grant_list_members ON grant_list (space_id, person_id);
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        match event:
            case Grant.Issued():
                self._add(event, curs)
            case Grant.Reinstated() | Grant.WindowMoved():
                curs.execute(
                    "UPDATE grant_list SET valid_from = %s, valid_until = %s, revoked_at = NULL,"
                    " revoked_for = NULL WHERE grant_id = %s",
                    (event.valid_from, event.valid_until, about.entity_id),
                )
            case Grant.Revoked():
                curs.execute(
                    "UPDATE grant_list SET revoked_at = %s, revoked_for = %s WHERE grant_id = %s",
                    (event.at, event.cause, about.entity_id),
                )
            case _:
                pass

    def _add(self, issued: Grant.Issued, curs: ViewCursor) -> None:
        curs.execute(
            "INSERT INTO grant_list (grant_id, source_id, person_id, experience_id, space_id,"
            " reason, valid_from, valid_until) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (
                issued.originator_id,
                issued.source_id,
                issued.person_id,
                issued.experience_id,
                issued.space_id,
                issued.reason,
                issued.valid_from,
                issued.valid_until,
            ),
            prepare=True,
        )


class BanList(View):
    """Whom which space keeps out now."""

    name = "ban_list"
    tables = ("ban_list",)
    ddl = """
        CREATE TABLE IF NOT EXISTS ban_list (
            space_id uuid NOT NULL,
            person_id uuid NOT NULL,
            reason_code text NOT NULL,
            banned_at timestamptz NOT NULL,
            PRIMARY KEY (person_id, space_id)
        )
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        match event:
            case Ban.Banned():
                curs.execute(
                    "INSERT INTO ban_list (space_id, person_id, reason_code, banned_at)"
                    " VALUES (%s, %s, %s, %s)",
                    (event.space_id, event.person_id, event.reason_code, event.at),
                )
            case Ban.Lifted():
                curs.execute(
                    "DELETE FROM ban_list WHERE space_id = %s AND person_id = %s",
                    (event.space_id, event.person_id),
                )
            case _:
                pass


class ExperienceList(View):
    """Which space an experience belongs to, as the catalog announced it."""

    name = "experience_list"
    tables = ("experience_list",)
    subscriptions = (ExperienceAdded,)
    ddl = """
        CREATE TABLE IF NOT EXISTS experience_list (
            experience_id uuid PRIMARY KEY,
            space_id uuid NOT NULL,
            name text NOT NULL,
            version bigint NOT NULL
        )
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        if isinstance(event, ExperienceAdded):
            curs.execute(
                "INSERT INTO experience_list AS e (experience_id, space_id, name, version)"
                " VALUES (%s, %s, %s, %s) ON CONFLICT (experience_id) DO UPDATE"
                " SET name = excluded.name, version = excluded.version"
                " WHERE e.version < excluded.version",
                (event.experience_id, event.space_id, event.name, about.entity_version),
            )


VIEWS = (GrantList(), BanList(), TeamList(), ExperienceList())
