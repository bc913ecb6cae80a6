"""A person in a channel, and the sources that let them in."""

from datetime import datetime
from enum import StrEnum
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override

from services.chat.domain.source import ClosedFor, SourceState


class Role(StrEnum):
    """What a person may do in a channel: talk, or moderate as well."""

    MEMBER = "member"
    MODERATOR = "moderator"


class RequestOutdated(Exception):
    """The provider did what an earlier request asked for; a later one asks for something else."""


class ChannelMember(Aggregate):
    """A person in the channel of an experience: why they may be there, and what the provider did.

    Checkout and access report about sources in any order: the latest state of each source holds.
    The person is wanted in the channel if a source is open or the team gives them a role, and if no
    ban keeps them out. Each change of what is wanted is a numbered request to the provider. Only
    the outcome of the latest request counts.
    """

    TOPIC = "chat.channel_member"

    class Created(Aggregate.Created):
        """Required by the library beside a named creation event; never used."""

        TOPIC = "chat.channel_member.created"

    class Opened(Aggregate.Created):
        """The person and the experience were named together for the first time."""

        TOPIC = "chat.channel_member.opened"

        person_id: UUID
        experience_id: UUID

    class SourceUpdated(Aggregate.Event):
        """A source has a later state."""

        TOPIC = "chat.channel_member.source_updated"

        source_id: UUID
        version: int
        grant_version: int
        closed_for: str | None
        valid_from: datetime | None
        valid_until: datetime | None

    class TeamRoleChanged(Aggregate.Event):
        """The team of the space gives the person this role in its channels; None: no role."""

        TOPIC = "chat.channel_member.team_role_changed"

        role: str | None

    class Banned(Aggregate.Event):
        """The space keeps the person out, whatever lets them in."""

        TOPIC = "chat.channel_member.banned"

    class BanLifted(Aggregate.Event):
        """The space no longer keeps the person out."""

        TOPIC = "chat.channel_member.ban_lifted"

    class JoinRequested(Aggregate.Event):
        """The provider is asked to have the person in the channel, in this role."""

        TOPIC = "chat.channel_member.join_requested"

        request: int
        role: str

    class Joined(Aggregate.Event):
        """The provider confirmed that the person is in the channel."""

        TOPIC = "chat.channel_member.joined"

        person_id: UUID
        experience_id: UUID
        role: str

    class RoleChanged(Aggregate.Event):
        """The provider confirmed another role of a person who was in the channel."""

        TOPIC = "chat.channel_member.role_changed"

        role: str

    class LeaveRequested(Aggregate.Event):
        """The provider is asked to remove the person."""

        TOPIC = "chat.channel_member.leave_requested"

        request: int

    class Left(Aggregate.Event):
        """The provider confirmed that the person is out."""

        TOPIC = "chat.channel_member.left"

        person_id: UUID
        experience_id: UUID

    @event(Opened)
    def __init__(self, person_id: UUID, experience_id: UUID) -> None:
        self.person_id = person_id
        self.experience_id = experience_id
        self.sources: dict[UUID, SourceState] = {}
        self.team_role: Role | None = None
        self.banned = False
        self.wanted_role: str | None = None
        self.confirmed_role: str | None = None
        self.request = 0
        self.pending = False

    @staticmethod
    @override
    def create_id(person_id: UUID, experience_id: UUID) -> UUID:
        """One per person and experience."""
        return uuid5(NAMESPACE_URL, f"/chat/members/{person_id}/{experience_id}")

    def update_source(self, source_id: UUID, state: SourceState, at: datetime) -> None:
        """Take in the state of a source; an older one than the known one changes nothing.

        What the team removed stays removed.
        """
        known = self.sources.get(source_id)
        if known is not None and (not state.replaces(known) or state.repeats(known)):
            return
        self._source_updated(
            source_id=source_id,
            version=state.version,
            grant_version=state.grant_version,
            closed_for=None if state.closed_for is None else str(state.closed_for),
            valid_from=state.valid_from,
            valid_until=state.valid_until,
        )
        self.settle(at)

    @event(SourceUpdated)
    def _source_updated(
        self,
        *,
        source_id: UUID,
        version: int,
        grant_version: int,
        closed_for: str | None,
        valid_from: datetime | None,
        valid_until: datetime | None,
    ) -> None:
        cause = None if closed_for is None else ClosedFor(closed_for)
        state = SourceState(version, grant_version, cause, valid_from, valid_until)
        self.sources[source_id] = state

    def change_team_role(self, role: Role | None, at: datetime) -> None:
        """Give the person a role as a member of the team; None takes it away."""
        if role is not self.team_role:
            self._team_role_changed(role=None if role is None else str(role))
            self.settle(at)

    @event(TeamRoleChanged)
    def _team_role_changed(self, role: str | None) -> None:
        self.team_role = None if role is None else Role(role)

    def ban(self, at: datetime) -> None:
        """Keep the person out as long as the space does."""
        if not self.banned:
            self._banned()
            self.settle(at)

    @event(Banned)
    def _banned(self) -> None:
        self.banned = True

    def lift_ban(self, at: datetime) -> None:
        """Let the person in again, if a source or the team does."""
        if self.banned:
            self._ban_lifted()
            self.settle(at)

    @event(BanLifted)
    def _ban_lifted(self) -> None:
        self.banned = False

    def settle(self, at: datetime) -> None:
        """Make a request to the provider if sources, team and ban now add up to another role."""
        wanted = self._wanted(at)
        if wanted == self.wanted_role:
            return
        if wanted is None:
            self._leave_requested(request=self.request + 1)
        else:
            self._join_requested(request=self.request + 1, role=str(wanted))

    def _wanted(self, at: datetime) -> Role | None:
        if self.banned:
            return None
        if self.team_role is None and any(each.is_open(at) for each in self.sources.values()):
            return Role.MEMBER
        return self.team_role

    @event(JoinRequested)
    def _join_requested(self, request: int, role: str) -> None:
        self.request = request
        self.wanted_role = role
        self.pending = True

    @event(LeaveRequested)
    def _leave_requested(self, request: int) -> None:
        self.request = request
        self.wanted_role = None
        self.pending = True

    def confirm(self, request: int) -> None:
        """Note that the provider did what that request asked for.

        Raises RequestOutdated when a later request asks for something else.
        """
        if request != self.request:
            raise RequestOutdated(self.id)
        if not self.pending:
            return
        who = {"person_id": self.person_id, "experience_id": self.experience_id}
        if self.wanted_role is None:
            self._left(**who)
        elif self.confirmed_role is None:
            self._joined(**who, role=self.wanted_role)
        else:
            self._role_changed(role=self.wanted_role)

    @event(Joined)
    def _joined(self, person_id: UUID, experience_id: UUID, role: str) -> None:
        self.confirmed_role = role
        self.pending = False

    @event(RoleChanged)
    def _role_changed(self, role: str) -> None:
        self.confirmed_role = role
        self.pending = False

    @event(Left)
    def _left(self, person_id: UUID, experience_id: UUID) -> None:
        self.confirmed_role = None
        self.pending = False
