"""Creator profiles and followers. Names and texts are stored elsewhere."""

from typing import Final
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override

from services.catalog.domain.refusals import OwnProfile

_PROFILES: Final = UUID("5f0a8a0e-95a1-5f1c-9a3f-1f6f3d1f2b01")
_FOLLOWINGS: Final = UUID("5f0a8a0e-95a1-5f1c-9a3f-1f6f3d1f2b02")


class CreatorProfile(Aggregate):
    """A person's creator profile; one per person."""

    TOPIC = "catalog.creator_profile"

    class Created(Aggregate.Created):
        """The library requires it beside a named creation event; never used."""

        TOPIC = "catalog.creator_profile.created"

    class Opened(Aggregate.Created):
        """The person opened a creator profile."""

        TOPIC = "catalog.creator_profile.opened"

        person_id: UUID

    @event(Opened)
    def __init__(self, person_id: UUID) -> None:
        self.person_id = person_id

    @staticmethod
    @override
    def create_id(person_id: UUID) -> UUID:
        """Return the id of a person's only profile."""
        return uuid5(_PROFILES, str(person_id))


class Following(Aggregate):
    """Whether one person follows one creator."""

    TOPIC = "catalog.following"

    class Created(Aggregate.Created):
        """The library requires it beside a named creation event; never used."""

        TOPIC = "catalog.following.created"

    class Started(Aggregate.Created):
        """The person followed the creator for the first time."""

        TOPIC = "catalog.following.started"

        profile_id: UUID
        person_id: UUID

    class Stopped(Aggregate.Event):
        """The person unfollowed the creator."""

        TOPIC = "catalog.following.stopped"

        profile_id: UUID
        person_id: UUID

    class Resumed(Aggregate.Event):
        """The person followed the creator again."""

        TOPIC = "catalog.following.resumed"

        profile_id: UUID
        person_id: UUID

    @event(Started)
    def __init__(self, profile_id: UUID, person_id: UUID) -> None:
        self.profile_id = profile_id
        self.person_id = person_id
        self.stands = True

    @staticmethod
    @override
    def create_id(profile_id: UUID, person_id: UUID) -> UUID:
        """Return the id of a pair of creator and person."""
        return uuid5(_FOLLOWINGS, f"{profile_id}/{person_id}")

    @classmethod
    def start(cls, profile: CreatorProfile, person_id: UUID) -> "Following":
        """Follow a creator. Raises OwnProfile."""
        if profile.person_id == person_id:
            raise OwnProfile(person_id)
        return cls(profile_id=profile.id, person_id=person_id)

    def resume(self) -> None:
        """Follow again; idempotent."""
        if not self.stands:
            self._resumed(profile_id=self.profile_id, person_id=self.person_id)

    @event(Resumed)
    def _resumed(self, profile_id: UUID, person_id: UUID) -> None:
        self.stands = True

    def stop(self) -> None:
        """Unfollow; idempotent."""
        if self.stands:
            self._stopped(profile_id=self.profile_id, person_id=self.person_id)

    @event(Stopped)
    def _stopped(self, profile_id: UUID, person_id: UUID) -> None:
        self.stands = False
