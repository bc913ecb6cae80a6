"""The team of a space, whom the space keeps out, and its channels."""

from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override

from services.chat.domain.channel_member import Role


class Team(Aggregate):
    """Who works in a space, whom the space keeps out, and which channels it has.

    Experiences, roles and bans arrive in any order, and are kept here for each other. Roles are
    ordered by the version of the space, bans by that of the ban: a version that is older than the
    known one changes nothing.
    """

    TOPIC = "chat.team"

    class Created(Aggregate.Created):
        """Required by the library beside a named creation event; never used."""

        TOPIC = "chat.team.created"

    class Opened(Aggregate.Created):
        """The space was named for the first time."""

        TOPIC = "chat.team.opened"

        space_id: UUID

    class ExperienceListed(Aggregate.Event):
        """The space has one more channel."""

        TOPIC = "chat.team.experience_listed"

        experience_id: UUID

    class RoleChanged(Aggregate.Event):
        """A person has this role in the channels of the space; None: no role."""

        TOPIC = "chat.team.role_changed"

        person_id: UUID
        role: str | None
        space_version: int

    class PersonBanned(Aggregate.Event):
        """The space keeps a person out of its channels."""

        TOPIC = "chat.team.person_banned"

        person_id: UUID
        ban_version: int

    class BanLifted(Aggregate.Event):
        """The space no longer keeps the person out."""

        TOPIC = "chat.team.ban_lifted"

        person_id: UUID
        ban_version: int

    @event(Opened)
    def __init__(self, space_id: UUID) -> None:
        self.space_id = space_id
        self.experience_ids: list[UUID] = []
        self.roles: dict[UUID, Role] = {}
        self.role_versions: dict[UUID, int] = {}
        self.banned: list[UUID] = []
        self.ban_versions: dict[UUID, int] = {}

    @staticmethod
    @override
    def create_id(space_id: UUID) -> UUID:
        """One team per space."""
        return uuid5(NAMESPACE_URL, f"/chat/teams/{space_id}")

    def list_experience(self, experience_id: UUID) -> None:
        """Add a channel, once."""
        if experience_id not in self.experience_ids:
            self._experience_listed(experience_id=experience_id)

    @event(ExperienceListed)
    def _experience_listed(self, experience_id: UUID) -> None:
        self.experience_ids.append(experience_id)

    def change_role(self, person_id: UUID, role: Role | None, space_version: int) -> bool:
        """Give a person a role, or None; False if this or a later version is known."""
        is_news = space_version > self.role_versions.get(person_id, 0)
        if is_news:
            self._role_changed(
                person_id=person_id,
                role=None if role is None else str(role),
                space_version=space_version,
            )
        return is_news

    @event(RoleChanged)
    def _role_changed(self, person_id: UUID, role: str | None, space_version: int) -> None:
        self.role_versions[person_id] = space_version
        self.roles.pop(person_id, None)
        if role is not None:
            self.roles[person_id] = Role(role)

    def ban(self, person_id: UUID, ban_version: int) -> bool:
        """Keep a person out; False if this or a later version of the ban is known."""
        is_news = self._is_news(person_id, ban_version)
        if is_news:
            self._person_banned(person_id=person_id, ban_version=ban_version)
        return is_news

    @event(PersonBanned)
    def _person_banned(self, person_id: UUID, ban_version: int) -> None:
        self.ban_versions[person_id] = ban_version
        if person_id not in self.banned:
            self.banned.append(person_id)

    def lift_ban(self, person_id: UUID, ban_version: int) -> bool:
        """Let a person in again; False if this or a later version of the ban is known."""
        is_news = self._is_news(person_id, ban_version)
        if is_news:
            self._ban_lifted(person_id=person_id, ban_version=ban_version)
        return is_news

    @event(BanLifted)
    def _ban_lifted(self, person_id: UUID, ban_version: int) -> None:
        self.ban_versions[person_id] = ban_version
        if person_id in self.banned:
            self.banned.remove(person_id)

    def _is_news(self, person_id: UUID, ban_version: int) -> bool:
        return ban_version > self.ban_versions.get(person_id, 0)
