"""Channels, the people in them and the reasons why: rules without I/O and without a clock."""

from enum import StrEnum
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override


class Role(StrEnum):
    """What a person may do in a channel: talk, or moderate as well."""

    MEMBER = "member"
    MODERATOR = "moderator"


class RequestOutdated(Exception):
    """The provider did what was asked earlier; meanwhile something else is wanted."""


class Channel(Aggregate):
    """The conversation of one experience; its id is that of the experience."""

    TOPIC = "chat.channel"

    class Created(Aggregate.Created):
        """Required by the library beside a named creation event; never used."""

        TOPIC = "chat.channel.created"

    class Requested(Aggregate.Created):
        """The channel shall exist at the provider."""

        TOPIC = "chat.channel.requested"

        experience_id: UUID
        space_id: UUID
        name: str

    class Opened(Aggregate.Event):
        """The provider confirmed that the channel exists."""

        TOPIC = "chat.channel.opened"

        experience_id: UUID

    @event(Requested)
    def __init__(self, experience_id: UUID, space_id: UUID, name: str) -> None:
        self.experience_id = experience_id
        self.space_id = space_id
        self.name = name
        self.open = False

    @staticmethod
    @override
    def create_id(experience_id: UUID) -> UUID:
        """One channel per experience."""
        return uuid5(NAMESPACE_URL, f"/chat/channels/{experience_id}")

    def confirm_open(self) -> None:
        """Note that the provider has it; told again, nothing happens."""
        if not self.open:
            self._opened(experience_id=self.experience_id)

    @event(Opened)
    def _opened(self, experience_id: UUID) -> None:
        self.open = True


class Team(Aggregate):
    """Who moderates the channels of a space, and which channels these are.

    Experiences and people arrive in any order: whoever comes second finds the other here.
    """

    TOPIC = "chat.team"

    class Created(Aggregate.Created):
        """Required by the library beside a named creation event; never used."""

        TOPIC = "chat.team.created"

    class Opened(Aggregate.Created):
        """The space was heard of for the first time."""

        TOPIC = "chat.team.opened"

        space_id: UUID

    class ExperienceListed(Aggregate.Event):
        """The space has one more channel to moderate."""

        TOPIC = "chat.team.experience_listed"

        experience_id: UUID

    class MemberAdded(Aggregate.Event):
        """A person moderates the channels of the space, for the reason `source_id`."""

        TOPIC = "chat.team.member_added"

        person_id: UUID
        source_id: UUID

    class MemberRemoved(Aggregate.Event):
        """A person moderates them no longer."""

        TOPIC = "chat.team.member_removed"

        person_id: UUID

    @event(Opened)
    def __init__(self, space_id: UUID) -> None:
        self.space_id = space_id
        self.experience_ids: list[UUID] = []
        self.sources: dict[str, UUID] = {}

    @staticmethod
    @override
    def create_id(space_id: UUID) -> UUID:
        """One team per space."""
        return uuid5(NAMESPACE_URL, f"/chat/teams/{space_id}")

    def list_experience(self, experience_id: UUID) -> None:
        """Add a channel; told again, nothing happens."""
        if experience_id not in self.experience_ids:
            self._experience_listed(experience_id=experience_id)

    @event(ExperienceListed)
    def _experience_listed(self, experience_id: UUID) -> None:
        self.experience_ids.append(experience_id)

    def add_member(self, person_id: UUID, source_id: UUID) -> None:
        """Add a person; one who is on the team already stays for the first reason."""
        if str(person_id) not in self.sources:
            self._member_added(person_id=person_id, source_id=source_id)

    @event(MemberAdded)
    def _member_added(self, person_id: UUID, source_id: UUID) -> None:
        self.sources[str(person_id)] = source_id

    def remove_member(self, person_id: UUID) -> UUID | None:
        """Take a person off the team; the reason that falls away, None if there was none."""
        source_id = self.sources.get(str(person_id))
        if source_id is not None:
            self._member_removed(person_id=person_id)
        return source_id

    @event(MemberRemoved)
    def _member_removed(self, person_id: UUID) -> None:
        self.sources.pop(str(person_id), None)


class Purchase(Aggregate):
    """Which channels an order opened, so that its refund closes them; both may come first."""

    TOPIC = "chat.purchase"

    class Created(Aggregate.Created):
        """Required by the library beside a named creation event; never used."""

        TOPIC = "chat.purchase.created"

    class Opened(Aggregate.Created):
        """The order was heard of for the first time."""

        TOPIC = "chat.purchase.opened"

        order_id: UUID

    class Noted(Aggregate.Event):
        """A person bought these experiences with it."""

        TOPIC = "chat.purchase.noted"

        person_id: UUID
        experience_ids: list[UUID]

    class Refunded(Aggregate.Event):
        """All of its money went back."""

        TOPIC = "chat.purchase.refunded"

    @event(Opened)
    def __init__(self, order_id: UUID) -> None:
        self.order_id = order_id
        self.person_id: UUID | None = None
        self.experience_ids: list[UUID] = []
        self.refunded = False

    @staticmethod
    @override
    def create_id(order_id: UUID) -> UUID:
        """One note per order."""
        return uuid5(NAMESPACE_URL, f"/chat/purchases/{order_id}")

    def note(self, person_id: UUID, experience_ids: list[UUID]) -> None:
        """Remember what was bought; told again, nothing happens."""
        if self.person_id is None:
            self._noted(person_id=person_id, experience_ids=experience_ids)

    @event(Noted)
    def _noted(self, person_id: UUID, experience_ids: list[UUID]) -> None:
        self.person_id = person_id
        self.experience_ids = experience_ids

    def refund(self) -> None:
        """Remember that it bought nothing in the end; told again, nothing happens."""
        if not self.refunded:
            self._refunded()

    @event(Refunded)
    def _refunded(self) -> None:
        self.refunded = True


class Membership(Aggregate):
    """A person's seat in the channel of an experience, and the reasons that keep it.

    Reasons (sources) come and go in any order: one that went stays gone, even when its coming is
    told later. The person sits while any reason is left; each change of what is wanted is a
    numbered request to the provider, and only its latest outcome counts.
    """

    TOPIC = "chat.membership"

    class Created(Aggregate.Created):
        """Required by the library beside a named creation event; never used."""

        TOPIC = "chat.membership.created"

    class Opened(Aggregate.Created):
        """The person and the experience were heard of together for the first time."""

        TOPIC = "chat.membership.opened"

        person_id: UUID
        experience_id: UUID

    class SourceAdded(Aggregate.Event):
        """There is one more reason to sit there: an order, a comp, a place on the team."""

        TOPIC = "chat.membership.source_added"

        source_id: UUID
        role: str

    class SourceRemoved(Aggregate.Event):
        """That reason stands no longer, and never will again."""

        TOPIC = "chat.membership.source_removed"

        source_id: UUID

    class JoinRequested(Aggregate.Event):
        """The provider shall seat the person in this role."""

        TOPIC = "chat.membership.join_requested"

        request: int
        role: str

    class Joined(Aggregate.Event):
        """The provider confirmed the seat."""

        TOPIC = "chat.membership.joined"

        person_id: UUID
        experience_id: UUID
        role: str

    class RoleChanged(Aggregate.Event):
        """The provider confirmed another role in the same seat."""

        TOPIC = "chat.membership.role_changed"

        role: str

    class LeaveRequested(Aggregate.Event):
        """The provider shall take the person out."""

        TOPIC = "chat.membership.leave_requested"

        request: int

    class Left(Aggregate.Event):
        """The provider confirmed that the person is out."""

        TOPIC = "chat.membership.left"

        person_id: UUID
        experience_id: UUID

    @event(Opened)
    def __init__(self, person_id: UUID, experience_id: UUID) -> None:
        self.person_id = person_id
        self.experience_id = experience_id
        self.live: dict[str, str] = {}
        self.gone: list[UUID] = []
        self.wish: str | None = None
        self.seated_as: str | None = None
        self.request = 0
        self.pending = False

    @staticmethod
    @override
    def create_id(person_id: UUID, experience_id: UUID) -> UUID:
        """One membership per person and experience."""
        return uuid5(NAMESPACE_URL, f"/chat/memberships/{person_id}/{experience_id}")

    def add_source(self, source_id: UUID, role: Role = Role.MEMBER) -> None:
        """Add a reason; one that is known, or gone for ever, changes nothing."""
        if str(source_id) not in self.live and source_id not in self.gone:
            self._source_added(source_id=source_id, role=role.value)
            self._ask()

    @event(SourceAdded)
    def _source_added(self, source_id: UUID, role: str) -> None:
        self.live[str(source_id)] = role

    def remove_source(self, source_id: UUID) -> None:
        """Take a reason away for good, whether it was heard of before or not."""
        if source_id not in self.gone:
            self._source_removed(source_id=source_id)
            self._ask()

    @event(SourceRemoved)
    def _source_removed(self, source_id: UUID) -> None:
        self.live.pop(str(source_id), None)
        self.gone.append(source_id)

    def _ask(self) -> None:
        """Request from the provider what the reasons that are left add up to."""
        wanted = self._wanted()
        if wanted == self.wish:
            return
        if wanted is None:
            self._leave_requested(request=self.request + 1)
        else:
            self._join_requested(request=self.request + 1, role=wanted)

    def _wanted(self) -> str | None:
        if Role.MODERATOR.value in self.live.values():
            return Role.MODERATOR.value
        return Role.MEMBER.value if self.live else None

    @event(JoinRequested)
    def _join_requested(self, request: int, role: str) -> None:
        self.request = request
        self.wish = role
        self.pending = True

    @event(LeaveRequested)
    def _leave_requested(self, request: int) -> None:
        self.request = request
        self.wish = None
        self.pending = True

    def confirm(self, request: int) -> None:
        """Note that the provider did what that request asked; told again, nothing happens.

        Raises RequestOutdated when something else is wanted by now.
        """
        if request != self.request:
            raise RequestOutdated(self.id)
        if not self.pending:
            return
        if self.wish is None:
            self._left(person_id=self.person_id, experience_id=self.experience_id)
        elif self.seated_as is None:
            self._joined(person_id=self.person_id, experience_id=self.experience_id, role=self.wish)
        else:
            self._role_changed(role=self.wish)

    @event(Joined)
    def _joined(self, person_id: UUID, experience_id: UUID, role: str) -> None:
        self.seated_as = role
        self.pending = False

    @event(RoleChanged)
    def _role_changed(self, role: str) -> None:
        self.seated_as = role
        self.pending = False

    @event(Left)
    def _left(self, person_id: UUID, experience_id: UUID) -> None:
        self.seated_as = None
        self.pending = False
