"""Fakes of what the use cases depend on, without a database or a mail server."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from uuid import UUID

from services.notifications.application import Names


@dataclass
class Shelf:
    """The tables, in memory."""

    people: list[UUID] = field(default_factory=list)
    names: dict[UUID, Names] = field(default_factory=dict)
    opted_out: set[tuple[UUID, UUID]] = field(default_factory=set)

    def list_standing(
        self, experience_id: UUID, at: datetime, after: UUID, limit: int
    ) -> Sequence[UUID]:
        return [person for person in sorted(self.people) if person > after][:limit]

    def names_of(self, of: UUID) -> Names:
        return self.names.get(of, Names())

    def add(self, person_id: UUID, space_id: UUID, at: datetime) -> None:
        self.opted_out.add((person_id, space_id))

    def remove(self, person_id: UUID, space_id: UUID) -> None:
        self.opted_out.discard((person_id, space_id))


@dataclass
class Postbox:
    """A mail server that keeps its mails; raises each prepared error once."""

    mails: list[EmailMessage] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)

    def send(self, mail: EmailMessage) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.mails.append(mail)
