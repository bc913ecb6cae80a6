"""Sessions: who is signed in, and until when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override

SESSION_IDLE_LIMIT: Final = timedelta(days=30)
SESSION_ABSOLUTE_LIMIT: Final = timedelta(days=90)
FRESH_FOR: Final = timedelta(minutes=15)


class SessionNotFound(Exception):
    """The person has no open session with this id."""


class Session(Aggregate):
    """One signed-in browser or app of a person; its token is stored elsewhere."""

    TOPIC = "identity.session"

    class Created(Aggregate.Created):
        """The library requires it beside a named creation event; never used."""

        TOPIC = "identity.session.created"

    class Started(Aggregate.Created):
        """The person proved who they are by a code."""

        TOPIC = "identity.session.started"

        request_id: UUID
        person_id: UUID
        started_at: datetime

    class FoundInNewBrowser(Aggregate.Event):
        """An account was used in a browser that is new to it."""

        TOPIC = "identity.session.found_in_new_browser"

        person_id: UUID

    class Ended(Aggregate.Event):
        """The session's token became invalid."""

        TOPIC = "identity.session.ended"

        ended_at: datetime

    @event(Started)
    def __init__(self, request_id: UUID, person_id: UUID, started_at: datetime) -> None:
        self.person_id = person_id
        self.started_at = started_at
        self.is_open = True

    @staticmethod
    @override
    def create_id(request_id: UUID) -> UUID:
        """Derive the id from the code: one code starts one session, however often the command
        repeats."""
        return uuid5(NAMESPACE_URL, f"/sessions/{request_id}")

    def note_new_browser(self) -> None:
        """Record that this browser is new to the account."""
        self._found_in_new_browser(person_id=self.person_id)

    @event(FoundInNewBrowser)
    def _found_in_new_browser(self, person_id: UUID) -> None:
        pass

    def end(self, at: datetime) -> None:
        """End the session. Raises SessionNotFound if it has ended already."""
        if not self.is_open:
            raise SessionNotFound(self.id)
        self._ended(ended_at=at)

    @event(Ended)
    def _ended(self, ended_at: datetime) -> None:
        self.is_open = False


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session as its row shows it."""

    session_id: UUID
    person_id: UUID
    started_at: datetime
    last_seen_at: datetime

    def is_valid(self, at: datetime) -> bool:
        """Return whether it is open: seen within 30 days, and started within 90 days."""
        return (
            at < self.last_seen_at + SESSION_IDLE_LIMIT
            and at < self.started_at + SESSION_ABSOLUTE_LIMIT
        )

    @property
    def fresh_until(self) -> datetime:
        """Return until when the session counts as fresh, so that no new code is needed."""
        return self.started_at + FRESH_FOR
