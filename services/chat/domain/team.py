"""Who moderates the channels of a space."""

from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override


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
