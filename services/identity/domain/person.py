"""People."""

from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override


class PersonNotFound(Exception):
    """No person has this id."""


class Person(Aggregate):
    """A person who signed in; the id reveals nothing about them."""

    TOPIC = "identity.person"

    class Created(Aggregate.Created):
        """The library requires it beside a named creation event; never used."""

        TOPIC = "identity.person.created"

    class Registered(Aggregate.Created):
        """The person signed in for the first time."""

        TOPIC = "identity.person.registered"

        request_id: UUID
        registered_at: datetime

    @event(Registered)
    def __init__(self, request_id: UUID, registered_at: datetime) -> None:
        self.registered_at = registered_at

    @staticmethod
    @override
    def create_id(request_id: UUID) -> UUID:
        """Derive the id from the code of the first sign-in: one code registers one person."""
        return uuid5(NAMESPACE_URL, f"/people/{request_id}")
