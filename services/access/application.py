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
    WindowNotOpen,
)

EXPIRE_GRANT: Final = "expire_grant"
"""The kind of schedule entry that closes a grant's window; its payload is {"grant_id": …}."""
LOSE_SOURCE: Final = "lose_source"
"""The kind that an operator has put there for a lost order: {"source_id": …, "grant_ids": […]}."""


class GrantNotFound(Exception):
    """No grant has this id."""


class Clock(Protocol):
    """Something that knows what time it is."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class Schedule(Protocol):
    """Remembers what is to be done at a time."""

    def at(self, kind: str, key: str, due_at: datetime, payload: Mapping[str, Any]) -> None:
        """Do it at that time."""
        ...

    def cancel(self, kind: str, key: str) -> None:
        """Don't do it any more."""
        ...


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What an order or a comp entitles a person to: these experiences of a space in one window.

    `valid_until` None is for ever, else the first instant at which the door is shut.
    """

    source_id: UUID
    person_id: UUID
    space_id: UUID
    experience_ids: Sequence[UUID]
    reason: GrantReason
    valid_from: datetime
    valid_until: datetime | None = None


class Access(Application[UUID]):
    """Everything that can be asked of the access service."""

    def __init__(
        self, env: Mapping[str, str] | None = None, *, clock: Clock, schedule: Schedule
    ) -> None:
        super().__init__(env)
        self._clock = clock
        self._schedule = schedule

    def issue_grants(self, entitled: Entitlement) -> list[UUID]:
        """Give one grant for each experience, once per source; all of them in one save.

        On a source that was withdrawn already they are revoked at once, and given again when it
        was restored since.
        """
        source = self._find_source(entitled.source_id)
        known = set() if source is None else set(source.grant_ids)
        new = [grant for grant in self._grants_of(entitled) if grant.id not in known]
        if new:
            new_ids = [grant.id for grant in new]
            if source is None:
                source = Source(entitled.source_id, new_ids)
            else:
                source.back(new_ids)
            if source.withdrawn_for is None:
                self._schedule_ends(new)
            else:
                self._revoke(new, source.withdrawn_for)
            self.save(source, *new, *self._given_again(source, new))
        return [Grant.create_id(entitled.source_id, e) for e in entitled.experience_ids]

    def give_comp(self, entitled: Entitlement) -> list[UUID]:
        """Let a person in for nothing, as the team wants. Raises WindowNotOpen."""
        if entitled.valid_until is not None and entitled.valid_until <= entitled.valid_from:
            raise WindowNotOpen(entitled.source_id)
        return self.issue_grants(entitled)

    def withdraw_source(self, source_id: UUID, cause: RevocationCause, version: int = 1) -> None:
        """Revoke every grant that rests on it, and those that are still to come; once.

        `version` is that of the order which says so: what it said later holds.
        """
        source = self._find_source(source_id) or Source(source_id, [])
        changed: list[Grant] = []
        if source.withdraw(cause, version, self._clock.now()):
            grants = [self._get_grant(grant_id) for grant_id in source.grant_ids]
            changed = [grant for grant in grants if grant.is_active]
            self._revoke(changed, cause)
            changed += self._given_again(source, grants)
        self.save(source, *changed)

    def restore_source(self, source_id: UUID, version: int) -> None:
        """Give the grants again that were revoked because the source was withdrawn, with the time
        that is left; those that the team took back stay away. `version` as for a withdrawal."""
        source = self._find_source(source_id) or Source(source_id, [])
        again: list[Grant] = []
        if source.restore(version, self._clock.now()):
            grants = [self._get_grant(grant_id) for grant_id in source.grant_ids]
            again = self._given_again(source, grants)
        self.save(source, *again)

    def lose_source(self, source_id: UUID, grant_ids: Sequence[UUID]) -> None:
        """The order on which these grants rest was lost with the log that held it: they are taken
        back, unless it is bought again. Told twice, nothing happens."""
        now = self._clock.now()
        grants = [grant for each in grant_ids if (grant := self._get_grant(each)).is_active]
        self._revoke(grants, RevocationCause.LOST)
        source = self._find_source(source_id)
        if source is not None:
            source.lose(now)
            self.save(source)
        self.save(*grants)

    def find_source_again(self, source_id: UUID, version: int) -> None:
        """It is bought: if it was lost before, its grants are given again."""
        source = self._find_source(source_id)
        if source is not None and source.is_lost:
            self.restore_source(source_id, version)

    def revoke_grant(self, grant_id: UUID, cause: RevocationCause) -> None:
        """Take one grant back. Raises GrantNotFound, GrantNotActive."""
        grant = self._get_grant(grant_id)
        grant.revoke(cause, self._clock.now())
        self._schedule.cancel(EXPIRE_GRANT, str(grant_id))
        self.save(grant)

    def expire_grant(self, grant_id: UUID) -> None:
        """Announce that a window has closed; nothing if the grant was revoked before."""
        grant = self._get_grant(grant_id)
        if grant.is_active:
            grant.expire(self._clock.now())
            self.save(grant)

    def ban_person(self, space_id: UUID, person_id: UUID, reason: BanReason) -> None:
        """Keep a person out of everything in a space. Raises AlreadyBanned."""
        ban = self._find_ban(space_id, person_id) or Ban(space_id, person_id)
        ban.impose(reason, self._clock.now())
        self.save(ban)

    def lift_ban(self, space_id: UUID, person_id: UUID) -> None:
        """Let a person in again wherever a grant does. Raises NotBanned."""
        ban = self._find_ban(space_id, person_id) or Ban(space_id, person_id)
        ban.lift(self._clock.now())
        self.save(ban)

    def list_history(
        self, grant_ids: Sequence[UUID], space_ids: Sequence[UUID], person_id: UUID
    ) -> list[Any]:
        """Every stored event of these grants and of the person's bans in these spaces."""
        bans = [Ban.create_id(space_id, person_id) for space_id in space_ids]
        return [event for entity in (*grant_ids, *bans) for event in self.events.get(entity)]

    def _grants_of(self, entitled: Entitlement) -> list[Grant]:
        return [
            Grant(
                source_id=entitled.source_id,
                person_id=entitled.person_id,
                experience_id=experience_id,
                space_id=entitled.space_id,
                reason=str(entitled.reason),
                valid_from=entitled.valid_from,
                valid_until=entitled.valid_until,
                at=self._clock.now(),
            )
            for experience_id in dict.fromkeys(entitled.experience_ids)
        ]

    def _given_again(self, source: Source, grants: list[Grant]) -> list[Grant]:
        if not source.is_restored:
            return []
        now = self._clock.now()
        newest = {grant.experience_id: grant for grant in grants}
        again = [
            Grant(
                source_id=Source.restored_id(source.source_id, source.restored_version),
                person_id=grant.person_id,
                experience_id=grant.experience_id,
                space_id=grant.space_id,
                reason=grant.reason,
                valid_from=max(grant.valid_from, now),
                valid_until=grant.valid_until,
                at=now,
            )
            for grant in newest.values()
            if grant.revoked_for == source.withdrawn_for
            and (grant.valid_until is None or grant.valid_until > now)
        ]
        source.back([grant.id for grant in again])
        self._schedule_ends(again)
        return again

    def _revoke(self, grants: list[Grant], cause: RevocationCause) -> None:
        for grant in grants:
            grant.revoke(cause, self._clock.now())
            self._schedule.cancel(EXPIRE_GRANT, str(grant.id))

    def _schedule_ends(self, grants: list[Grant]) -> None:
        for grant in grants:
            if grant.valid_until is not None:
                payload = {"grant_id": str(grant.id)}
                self._schedule.at(EXPIRE_GRANT, str(grant.id), grant.valid_until, payload)

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
