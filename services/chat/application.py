"""Use cases of the chat service: load, decide, save, and ask the provider by a job."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.domain import Aggregate

from services.chat.domain import (
    Channel,
    ChannelMember,
    RequestOutdated,
    Role,
    SourceState,
    Team,
)

PREPARE = "prepare"
OPEN_CHANNEL = "open_channel"
SETTLE_MEMBER = "settle_member"
INTRODUCE = "introduce"
BEGIN_WINDOW = "begin_window"
SWEEP = "sweep"
SWEEP_CHANNEL = "sweep_channel"

SWEPT_EVERY: Final = timedelta(minutes=5)
"""The product promises a repair within five minutes."""


class Clock(Protocol):
    """The source of the present time."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class Schedule(Protocol):
    """Keeps work until it is done; what is due now starts once the transaction is committed."""

    def at(self, kind: str, key: str, due_at: datetime, payload: Mapping[str, Any]) -> None:
        """Do it at that time; the same kind and key moves it."""
        ...


class SpaceLocks(Protocol):
    """Serializes changes of one space."""

    def lock(self, space_id: UUID) -> None:
        """Wait for the lock of the space and hold it until the commit."""
        ...


class Chat(Application[UUID]):
    """The use cases of the chat service."""

    def __init__(
        self,
        env: dict[str, str] | None = None,
        *,
        clock: Clock,
        schedule: Schedule,
        locks: SpaceLocks,
    ) -> None:
        super().__init__(env)
        self._clock = clock
        self._schedule = schedule
        self._locks = locks

    def prepare(self) -> None:
        """Schedule the check of the channel type, as each start of the service does."""
        self._schedule.at(PREPARE, "channel_type", self._clock.now(), {})

    def sweep_later(self) -> None:
        """Schedule the comparison of all channels with the provider in five minutes."""
        self._schedule.at(SWEEP, "channels", self._clock.now() + SWEPT_EVERY, {})

    def sweep_channels(self, experience_ids: Iterable[UUID]) -> None:
        """Schedule the comparison of each of these channels now, and of all in five minutes."""
        for each in experience_ids:
            payload = {"experience_id": str(each)}
            self._schedule.at(SWEEP_CHANNEL, str(each), self._clock.now(), payload)
        self.sweep_later()

    def add_experience(self, experience_id: UUID, space_id: UUID, name: str) -> None:
        """Open the channel of an experience; the team joins it, banned people are kept out."""
        channel_id = Channel.create_id(experience_id)
        if channel_id in self.repository:
            return
        now = self._clock.now()
        channel = Channel(experience_id, space_id, name)
        team = self._team(space_id)
        team.list_experience(experience_id)
        people = dict.fromkeys([*team.banned, *team.roles])
        members = [self._member(person, experience_id) for person in people]
        for member in members:
            if member.person_id in team.banned:
                member.ban(now)
            member.change_team_role(team.roles.get(member.person_id), now)
        self._save_all(members, channel, team)
        self._schedule.at(
            OPEN_CHANNEL,
            str(experience_id),
            now,
            {"experience_id": str(experience_id), "name": name},
        )

    def confirm_channel(self, experience_id: UUID) -> None:
        """Record that the provider has the channel."""
        channel: Channel = self.repository.get(Channel.create_id(experience_id))
        channel.confirm_open()
        self.save(channel)

    def change_team_role(
        self, space_id: UUID, person_id: UUID, role: Role | None, space_version: int
    ) -> None:
        """Give a person this role in every channel of a space; None takes it away."""
        team = self._team(space_id)
        if team.change_role(person_id, role, space_version):
            members = self._members(person_id, team.experience_ids)
            for member in members:
                member.change_team_role(role, self._clock.now())
            self._save_all(members, team)

    def ban_person(self, space_id: UUID, person_id: UUID, ban_version: int) -> None:
        """Keep a person out of every channel of a space until the ban is lifted."""
        team = self._team(space_id)
        if team.ban(person_id, ban_version):
            members = self._members(person_id, team.experience_ids)
            for member in members:
                member.ban(self._clock.now())
            self._save_all(members, team)

    def lift_ban(self, space_id: UUID, person_id: UUID, ban_version: int) -> None:
        """Let a person in again wherever a source or the team does."""
        team = self._team(space_id)
        if team.lift_ban(person_id, ban_version):
            members = self._members(person_id, team.experience_ids)
            for member in members:
                member.lift_ban(self._clock.now())
            self._save_all(members, team)

    def update_source(
        self, source_id: UUID, person_id: UUID, experience_ids: Sequence[UUID], state: SourceState
    ) -> None:
        """Let a person into these channels or out, as the latest state of the source says."""
        now = self._clock.now()
        members = self._members(person_id, experience_ids)
        for member in members:
            member.update_source(source_id, state, now)
            if state.valid_from is not None and state.valid_from > now:
                self._settle_at(member, state.valid_from)
        self._save_all(members)

    def begin_window(self, person_id: UUID, experience_id: UUID) -> None:
        """Let a person in whose window has begun, if nothing closed it since."""
        member = self._member(person_id, experience_id)
        member.settle(self._clock.now())
        self._save_all([member])

    def confirm_member(self, member_id: UUID, request: int) -> None:
        """Record what the provider did; after an outdated request, ask it once more."""
        member: ChannelMember = self.repository.get(member_id)
        try:
            member.confirm(request)
        except RequestOutdated:
            self._request(member, f"{member.id}/{member.request}/{request}")
            return
        self.save(member)

    def introduce(self, person_id: UUID) -> None:
        """Schedule the job that makes a person and their name known to the provider."""
        self._schedule.at(
            INTRODUCE, str(person_id), self._clock.now(), {"person_id": str(person_id)}
        )

    def _settle_at(self, member: ChannelMember, begins_at: datetime) -> None:
        # The timer of a window that moved stays, and finds nothing to do.
        payload = {
            "person_id": str(member.person_id),
            "experience_id": str(member.experience_id),
        }
        self._schedule.at(BEGIN_WINDOW, f"{member.id}/{begins_at}", begins_at, payload)

    def _save_all(self, members: Sequence[ChannelMember], *others: Aggregate) -> None:
        requested = [member for member in members if _has_new_request(member)]
        self.save(*others, *members)
        for member in requested:
            self._request(member, f"{member.id}/{member.request}")

    def _request(self, member: ChannelMember, key: str) -> None:
        # Each request has a key of its own: a job that is under way keeps its row to itself.
        self._schedule.at(SETTLE_MEMBER, key, self._clock.now(), {"member_id": str(member.id)})

    def _members(self, person_id: UUID, experience_ids: Iterable[UUID]) -> list[ChannelMember]:
        return [self._member(person_id, each) for each in dict.fromkeys(experience_ids)]

    def _member(self, person_id: UUID, experience_id: UUID) -> ChannelMember:
        try:
            found: ChannelMember = self.repository.get(
                ChannelMember.create_id(person_id, experience_id)
            )
        except AggregateNotFoundError:
            return ChannelMember(person_id, experience_id)
        return found

    def _team(self, space_id: UUID) -> Team:
        # Many bans of one space may come at once: without a lock, all but one would conflict.
        self._locks.lock(space_id)
        try:
            found: Team = self.repository.get(Team.create_id(space_id))
        except AggregateNotFoundError:
            return Team(space_id)
        return found


def _has_new_request(member: ChannelMember) -> bool:
    return any(
        isinstance(each, ChannelMember.JoinRequested | ChannelMember.LeaveRequested)
        for each in member.pending_events
    )
