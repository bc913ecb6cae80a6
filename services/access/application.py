"""Use cases of the access service: load, decide, save."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Application

from services.access.domain import (
    Ban,
    BanReason,
    Grant,
    GrantReason,
    RevocationCause,
    Source,
    Window,
    WindowNotOpen,
)

EXPIRE_GRANT: Final = "expire_grant"
"""The kind of schedule entry that closes a grant's window; its payload is {"grant_id": …}."""
LOSE_SOURCE: Final = "lose_source"
"""The kind that an operator schedules for a lost order; its payload is {"source_id": …}."""


class GrantNotFound(Exception):
    """No grant has this id."""


class Clock(Protocol):
    """The source of the present time."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class Schedule(Protocol):
    """Runs timers when they are due."""

    def at(self, kind: str, key: str, due_at: datetime, payload: Mapping[str, Any]) -> None:
        """Set a timer; the same kind and key moves it."""
        ...

    def cancel(self, kind: str, key: str) -> None:
        """Remove a timer, if it is set."""
        ...


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A source entitles a person to experiences of one space, during one window.

    `valid_until` is the first instant without access; None is for ever.
    """

    source_id: UUID
    person_id: UUID
    space_id: UUID
    experience_ids: Sequence[UUID]
    reason: GrantReason
    valid_from: datetime
    valid_until: datetime | None = None
    source_version: int = 0

    @property
    def window(self) -> Window:
        """The time during which the person may enter."""
        return Window(self.valid_from, self.valid_until)


class Access(Application[UUID]):
    """The use cases of the access service."""

    def __init__(
        self, env: Mapping[str, str] | None = None, *, clock: Clock, schedule: Schedule
    ) -> None:
        super().__init__(env)
        self._clock = clock
        self._schedule = schedule

    def issue_grants(self, entitled: Entitlement) -> list[UUID]:
        """Issue one grant for each experience of a source, once, all in one save.

        The grants follow the latest version of the source that was heard, before or now.
        """
        experience_ids = dict.fromkeys(entitled.experience_ids)
        grant_ids = [Grant.create_id(entitled.source_id, each) for each in experience_ids]
        source = self._source(entitled.source_id)
        known = list(source.grant_ids)
        source.update(entitled.source_version, None, entitled.window, grant_ids)
        new = [grant for grant in self._grants_of(entitled, source) if grant.id not in known]
        self._settle(source, [*map(self._get_grant, known), *new])
        return grant_ids

    def give_comp(self, entitled: Entitlement) -> list[UUID]:
        """The team gives a person free access. Raises WindowNotOpen."""
        if entitled.valid_until is not None and entitled.valid_until <= entitled.valid_from:
            raise WindowNotOpen(entitled.source_id)
        return self.issue_grants(entitled)

    def follow_membership(
        self,
        membership_id: UUID,
        version: int,
        revoked_for: RevocationCause | None = None,
        window: Window | None = None,
    ) -> None:
        """Revoke, reinstate or move the grants of a membership, as its latest version says.

        What is heard before the purchase is kept for the grants that the purchase issues.
        """
        source = self._source(membership_id)
        source.update(version, revoked_for, window)
        self._settle(source, [self._get_grant(each) for each in source.grant_ids])

    def lose_source(self, source_id: UUID) -> None:
        """Revoke the grants of a membership that checkout lost with its log.

        Versions of it that are heard later count from the beginning.
        """
        source = self._find_source(source_id)
        if source is not None:
            source.mark_lost()
            self._settle(source, [self._get_grant(each) for each in source.grant_ids])

    def revoke_grant(self, grant_id: UUID, cause: RevocationCause) -> None:
        """The team revokes one grant for good. Raises GrantNotFound, GrantNotActive."""
        grant = self._get_grant(grant_id)
        grant.revoke(cause, self._source(grant.source_id).latest_version, self._clock.now())
        self._save([grant])

    def expire_grant(self, grant_id: UUID) -> None:
        """Announce that the window of an active grant has closed; nothing if it moved."""
        grant = self._get_grant(grant_id)
        grant.expire(self._source(grant.source_id).latest_version, self._clock.now())
        self.save(grant)

    def ban_person(self, space_id: UUID, person_id: UUID, reason: BanReason) -> None:
        """Keep a person out of everything in a space. Raises AlreadyBanned."""
        ban = self._find_ban(space_id, person_id) or Ban(space_id, person_id)
        ban.impose(reason, self._clock.now())
        self.save(ban)

    def lift_ban(self, space_id: UUID, person_id: UUID) -> None:
        """Lift the ban: grants that are active let the person in again. Raises NotBanned."""
        ban = self._find_ban(space_id, person_id) or Ban(space_id, person_id)
        ban.lift(self._clock.now())
        self.save(ban)

    def list_history(
        self, grant_ids: Sequence[UUID], space_ids: Sequence[UUID], person_id: UUID
    ) -> list[Any]:
        """Return every stored event of these grants and of the person's bans in these spaces."""
        bans = [Ban.create_id(space_id, person_id) for space_id in space_ids]
        return [event for entity in (*grant_ids, *bans) for event in self.events.get(entity)]

    def _grants_of(self, entitled: Entitlement, source: Source) -> list[Grant]:
        window = source.window or entitled.window
        return [
            Grant(
                source_id=source.source_id,
                source_version=source.latest_version,
                person_id=entitled.person_id,
                experience_id=experience_id,
                space_id=entitled.space_id,
                reason=str(entitled.reason),
                valid_from=window.since,
                valid_until=window.until,
                at=self._clock.now(),
            )
            for experience_id in dict.fromkeys(entitled.experience_ids)
        ]

    def _settle(self, source: Source, grants: Sequence[Grant]) -> None:
        for grant in grants:
            source.settle(grant, self._clock.now())
        self._save([grant for grant in grants if grant.pending_events], source)

    def _save(self, grants: Sequence[Grant], *others: Source) -> None:
        for grant in grants:
            key, until = str(grant.id), grant.window.until
            if grant.is_active and until is not None:
                self._schedule.at(EXPIRE_GRANT, key, until, {"grant_id": key})
            elif grant.version > 1:
                self._schedule.cancel(EXPIRE_GRANT, key)
        self.save(*others, *grants)

    def _source(self, source_id: UUID) -> Source:
        return self._find_source(source_id) or Source(source_id)

    def _find_source(self, source_id: UUID) -> Source | None:
        try:
            return self.repository.get(Source.create_id(source_id))
        except AggregateNotFoundError:
            return None

    def _find_ban(self, space_id: UUID, person_id: UUID) -> Ban | None:
        try:
            return self.repository.get(Ban.create_id(space_id, person_id))
        except AggregateNotFoundError:
            return None

    def _get_grant(self, grant_id: UUID) -> Grant:
        try:
            return self.repository.get(grant_id)
        except AggregateNotFoundError:
            raise GrantNotFound(grant_id) from None
