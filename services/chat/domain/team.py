"""Whom the team of a space seats in its channels, and who is kept out of them."""

from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override

from services.chat.domain.membership import Role


class Team(Aggregate):
    """Whom the team seats in the channels of a space, who is kept out, and which channels exist.

    Experiences, people and bans arrive in any order: whoever comes second finds the other here.
    The words about one ban are ordered by its version: an older one than the last changes nothing.
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
        """A person sits in the channels of the space in this role, for the reason `source_id`."""

        TOPIC = "chat.team.member_added"
        class_version = 2

        person_id: UUID
        source_id: UUID
        role: str

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            """Everyone on a team moderated."""
            state["role"] = Role.MODERATOR.value

    class MemberRemoved(Aggregate.Event):
        """The team gives the person no seat in the channels any more."""

        TOPIC = "chat.team.member_removed"

        person_id: UUID

    class PersonBanned(Aggregate.Event):
        """The space keeps a person out of its channels; `ban_version` orders the words about it."""

        TOPIC = "chat.team.person_banned"

        person_id: UUID
        ban_version: int

    class BanLifted(Aggregate.Event):
        """The space keeps the person out no longer."""

        TOPIC = "chat.team.ban_lifted"

        person_id: UUID
        ban_version: int

    @event(Opened)
    def __init__(self, space_id: UUID) -> None:
        self.space_id = space_id
        self.experience_ids: list[UUID] = []
        self.sources: dict[str, UUID] = {}
        self.roles: dict[str, str] = {}
        self.ban_versions: dict[str, int] = {}
        self.banned: list[UUID] = []

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

    def add_member(self, person_id: UUID, source_id: UUID, role: Role) -> UUID | None:
        """Give a person a seat in this role; the reason that it replaces, None if there was none.

        One who has this role already keeps it for the first reason.
        """
        if self.roles.get(str(person_id)) == role.value:
            return None
        replaced = self.sources.get(str(person_id))
        self._member_added(person_id=person_id, source_id=source_id, role=role.value)
        return replaced

    @event(MemberAdded)
    def _member_added(self, person_id: UUID, source_id: UUID, role: str) -> None:
        self.sources[str(person_id)] = source_id
        self.roles[str(person_id)] = role

    def remove_member(self, person_id: UUID) -> UUID | None:
        """Take a person off the team; the reason that falls away, None if there was none."""
        source_id = self.sources.get(str(person_id))
        if source_id is not None:
            self._member_removed(person_id=person_id)
        return source_id

    @event(MemberRemoved)
    def _member_removed(self, person_id: UUID) -> None:
        self.sources.pop(str(person_id), None)
        self.roles.pop(str(person_id), None)

    def ban(self, person_id: UUID, ban_version: int) -> bool:
        """Keep a person out; False when this word or a later one about the ban is known."""
        is_news = self._is_news(person_id, ban_version)
        if is_news:
            self._person_banned(person_id=person_id, ban_version=ban_version)
        return is_news

    @event(PersonBanned)
    def _person_banned(self, person_id: UUID, ban_version: int) -> None:
        self.ban_versions[str(person_id)] = ban_version
        if person_id not in self.banned:
            self.banned.append(person_id)

    def lift_ban(self, person_id: UUID, ban_version: int) -> bool:
        """Let a person in again; False when this word or a later one about the ban is known."""
        is_news = self._is_news(person_id, ban_version)
        if is_news:
            self._ban_lifted(person_id=person_id, ban_version=ban_version)
        return is_news

    @event(BanLifted)
    def _ban_lifted(self, person_id: UUID, ban_version: int) -> None:
        self.ban_versions[str(person_id)] = ban_version
        if person_id in self.banned:
            self.banned.remove(person_id)

    def _is_news(self, person_id: UUID, ban_version: int) -> bool:
        return ban_version > self.ban_versions.get(str(person_id), 0)
