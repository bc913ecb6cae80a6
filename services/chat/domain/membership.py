"""A person's seat in a channel, and the reasons that keep it."""

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


class Membership(Aggregate):
    """A person's seat in the channel of an experience, and the reasons that keep it.

    Reasons (sources) come and go in any order: one that went stays gone, even when its coming is
    told later. The person sits while any reason is left and the space has not banned them; each
    change of what is wanted is a numbered request to the provider, and only its latest outcome
    counts.
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

    class Banned(Aggregate.Event):
        """The space keeps the person out, whatever reasons they have or get."""

        TOPIC = "chat.membership.banned"

    class BanLifted(Aggregate.Event):
        """The reasons count again."""

        TOPIC = "chat.membership.ban_lifted"

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
        self.banned = False
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

    def ban(self) -> None:
        """Keep the person out for as long as the space does; told again, nothing happens."""
        if not self.banned:
            self._banned()
            self._ask()

    @event(Banned)
    def _banned(self) -> None:
        self.banned = True

    def lift_ban(self) -> None:
        """Let the reasons count that are left; told again, nothing happens."""
        if self.banned:
            self._ban_lifted()
            self._ask()

    @event(BanLifted)
    def _ban_lifted(self) -> None:
        self.banned = False

    def _ask(self) -> None:
        """Request from the provider what the reasons that are left and the ban add up to."""
        wanted = self._wanted()
        if wanted == self.wish:
            return
        if wanted is None:
            self._leave_requested(request=self.request + 1)
        else:
            self._join_requested(request=self.request + 1, role=wanted)

    def _wanted(self) -> str | None:
        if self.banned:
            return None
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
