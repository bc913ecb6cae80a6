"""Read models of the streaming service: its streams, and its replica of who may enter."""

from typing_extensions import override

from libs.events.access import (
    BanLifted,
    GrantExpired,
    GrantIssued,
    GrantRevoked,
    PersonBanned,
)
from libs.events.catalog import (
    ExperienceAdded,
    SpaceCreated,
    TeamMemberAdded,
    TeamMemberRemoved,
)
from libs.events.envelope import Envelope
from libs.runtime.views.view import View, ViewCursor
from services.streaming.domain import Stream


class StreamList(View):
    """Every stream with its state: opening, lobby, live, back_soon or ended."""

    name = "stream_list"
    tables = ("stream_list",)
    ddl = """
        CREATE TABLE IF NOT EXISTS stream_list (
            stream_id uuid PRIMARY KEY,
            experience_id uuid NOT NULL,
            space_id uuid NOT NULL,
            state text NOT NULL,
            recording text NOT NULL,
            requested_at timestamptz NOT NULL,
            started_at timestamptz,
            ended_at timestamptz,
            cause text
        );
        CREATE INDEX IF NOT EXISTS stream_list_newest
            ON stream_list (experience_id, requested_at DESC)
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        match event:
            case Stream.Requested():
                curs.execute(
                    "INSERT INTO stream_list (stream_id, experience_id, space_id, state, recording,"
                    " requested_at) VALUES (%s, %s, %s, 'opening', %s, %s)",
                    (
                        about.entity_id,
                        event.experience_id,
                        event.space_id,
                        "requested" if event.recording else "off",
                        about.occurred_at,
                    ),
                )
            case Stream.RoomOpened():
                self._move(curs, about, "opening", "lobby")
            case Stream.WentLive():
                curs.execute(
                    "UPDATE stream_list SET state = 'live', started_at = %s WHERE stream_id = %s",
                    (event.started_at, about.entity_id),
                )
            case Stream.HostLeft():
                self._move(curs, about, "live", "back_soon")
            case Stream.HostReturned():
                self._move(curs, about, "back_soon", "live")
            case Stream.Ended():
                curs.execute(
                    "UPDATE stream_list SET state = 'ended', ended_at = %s, cause = %s"
                    " WHERE stream_id = %s",
                    (event.ended_at, event.cause, about.entity_id),
                )
            case _:
                pass

    def _move(self, curs: ViewCursor, about: Envelope, given: str, then: str) -> None:
        curs.execute(
            "UPDATE stream_list SET state = %s WHERE stream_id = %s AND state = %s",
            (then, about.entity_id, given),
        )


class DoorList(View):
    """Why who may enter what and when, as access announced it; a closed grant stays closed."""

    name = "door_list"
    tables = ("door_list",)
    ddl = """
        CREATE TABLE IF NOT EXISTS door_list (
            grant_id uuid PRIMARY KEY,
            person_id uuid NOT NULL,
            experience_id uuid NOT NULL,
            valid_from timestamptz,
            valid_until timestamptz,
            closed boolean NOT NULL
        );
        CREATE INDEX IF NOT EXISTS door_list_of ON door_list (experience_id, person_id)
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        match event:
            case GrantIssued():
                curs.execute(
                    "INSERT INTO door_list VALUES (%s, %s, %s, %s, %s, false)"
                    " ON CONFLICT (grant_id) DO UPDATE SET valid_from = excluded.valid_from,"
                    " valid_until = excluded.valid_until",
                    (
                        event.grant_id,
                        event.person_id,
                        event.experience_id,
                        event.valid_from,
                        event.valid_until,
                    ),
                )
            case GrantRevoked() | GrantExpired():
                curs.execute(
                    "INSERT INTO door_list (grant_id, person_id, experience_id, closed)"
                    " VALUES (%s, %s, %s, true)"
                    " ON CONFLICT (grant_id) DO UPDATE SET closed = true",
                    (event.grant_id, event.person_id, event.experience_id),
                )
            case _:
                pass


class BanList(View):
    """Whom a space keeps out, as access announced it, whatever grants they have.

    Guarded by the version of the ban, so that an older word changes nothing.
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
        match event:
            case PersonBanned():
                self._put(curs, about, event, banned=True)
            case BanLifted():
                self._put(curs, about, event, banned=False)
            case _:
                pass

    def _put(
        self, curs: ViewCursor, about: Envelope, event: PersonBanned | BanLifted, *, banned: bool
    ) -> None:
        curs.execute(
            "INSERT INTO ban_list AS b VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (space_id, person_id) DO UPDATE"
            " SET banned = excluded.banned, version = excluded.version"
            " WHERE b.version < excluded.version",
            (event.space_id, event.person_id, banned, about.entity_version),
        )


class TeamList(View):
    """Who works in which space, as the catalog announced it; role NULL for who left.

    Guarded by the version of the entity that spoke last, so that an older word changes nothing.
    """

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
                self._put(curs, about, event.owner_id, "owner", event)
            case TeamMemberAdded():
                self._put(curs, about, event.person_id, event.role, event)
            case TeamMemberRemoved():
                self._put(curs, about, event.person_id, None, event)
            case _:
                pass

    def _put(
        self,
        curs: ViewCursor,
        about: Envelope,
        person_id: object,
        role: str | None,
        event: SpaceCreated | TeamMemberAdded | TeamMemberRemoved,
    ) -> None:
        curs.execute(
            "INSERT INTO team_list AS t VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (space_id, person_id) DO UPDATE"
            " SET role = excluded.role, version = excluded.version"
            " WHERE t.version < excluded.version",
            (event.space_id, person_id, role, about.entity_version),
        )


class ExperienceList(View):
    """Which experience belongs to which space, and whether it can be on air."""

    name = "experience_list"
    tables = ("experience_list",)
    ddl = """
        CREATE TABLE IF NOT EXISTS experience_list (
            experience_id uuid PRIMARY KEY,
            space_id uuid NOT NULL,
            kind text NOT NULL
        )
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        match event:
            case ExperienceAdded():
                curs.execute(
                    "INSERT INTO experience_list VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                    (event.experience_id, event.space_id, event.kind.value),
                )
            case _:
                pass
