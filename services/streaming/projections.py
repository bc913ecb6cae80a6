"""Read models of the streaming service: its streams, and its replica of who may enter."""

from datetime import datetime

from typing_extensions import override

from libs.events.access import (
    GrantExpired,
    GrantIssued,
    GrantRevoked,
)
from libs.events.catalog import (
    ExperienceAdded,
)
from libs.events.envelope import Envelope
from libs.permissions.views import BanList, TeamList
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
    """Grants, as access announced them.

    A closed grant may be issued again: of a grant's events the latest version wins.
    """

    name = "door_list"
    tables = ("door_list",)
    subscriptions = (GrantIssued, GrantRevoked, GrantExpired)
    ddl = """
        CREATE TABLE IF NOT EXISTS door_list (
            grant_id uuid PRIMARY KEY,
            person_id uuid NOT NULL,
            experience_id uuid NOT NULL,
            valid_from timestamptz,
            valid_until timestamptz,
            closed boolean NOT NULL,
            version bigint NOT NULL
        );
        CREATE INDEX IF NOT EXISTS door_list_of ON door_list (experience_id, person_id)
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        window: tuple[datetime | None, datetime | None, bool]
        match event:
            case GrantIssued():
                window = (event.valid_from, event.valid_until, False)
            case GrantRevoked() | GrantExpired():
                window = (None, None, True)
            case _:
                return
        curs.execute(
            "INSERT INTO door_list AS d VALUES (%s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (grant_id) DO UPDATE SET valid_from = excluded.valid_from,"
            " valid_until = excluded.valid_until, closed = excluded.closed,"
            " version = excluded.version WHERE d.version < excluded.version",
            (
                event.grant_id,
                event.person_id,
                event.experience_id,
                *window,
                about.entity_version,
            ),
        )


class ExperienceList(View):
    """The space of each experience, and whether it can be on air."""

    name = "experience_list"
    tables = ("experience_list",)
    subscriptions = (ExperienceAdded,)
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


VIEWS = (StreamList(), DoorList(), BanList(), TeamList(), ExperienceList())
