"""The chat provider and the mail server, with their faults."""

from collections import Counter
from dataclasses import dataclass, field
from email.message import EmailMessage
from uuid import UUID

from services.chat.domain import Role
from services.chat.provider import ChannelMissing, PersonUnknown
from services.notifications.application import MailRefused
from tests.simulation.fault_injector import FaultInjector


class NoAnswer(Exception):
    """The connection broke; whether the call was executed is unknown."""


@dataclass
class Room:
    """GetStream: adds members idempotently; answers get lost.

    `answers_to_lose` orders that the answers to the next executed calls are lost.
    """

    injector: FaultInjector
    answers_to_lose: int = 0
    channels: dict[UUID, str] = field(default_factory=dict)
    people: set[UUID] = field(default_factory=set)
    members: dict[tuple[UUID, UUID], str] = field(default_factory=dict)

    def prepare(self) -> None:
        """As ChatProvider.prepare."""
        self._before()

    def open_channel(self, experience_id: UUID, name: str) -> None:
        """As ChatProvider.open_channel."""
        self._before()
        self.channels[experience_id] = name
        self._after()

    def add_member(self, experience_id: UUID, person_id: UUID, role: Role) -> None:
        """As ChatProvider.add_member: an existing member keeps their role."""
        self._before()
        self._find(experience_id, person_id)
        self.members.setdefault((person_id, experience_id), role.value)
        self._after()

    def change_role(self, experience_id: UUID, person_id: UUID, role: Role) -> None:
        """As ChatProvider.change_role: adds a missing member."""
        self._before()
        self._find(experience_id, person_id)
        self.members[person_id, experience_id] = role.value
        self._after()

    def remove_member(self, experience_id: UUID, person_id: UUID) -> None:
        """As ChatProvider.remove_member."""
        self._before()
        self.members.pop((person_id, experience_id), None)
        self._after()

    def introduce(self, person_id: UUID, display_name: str | None) -> None:
        """As ChatProvider.introduce."""
        self._before()
        self.people.add(person_id)
        self._after()

    def _find(self, experience_id: UUID, person_id: UUID) -> None:
        if experience_id not in self.channels:
            raise ChannelMissing(experience_id)
        if person_id not in self.people:
            raise PersonUnknown(person_id)

    def _before(self) -> None:
        if self.injector.mishap(self.injector.silence_rate):
            raise NoAnswer("not done")
        self.injector.may_crash("chat", "before it asked the chat provider")

    def _after(self) -> None:
        self.injector.may_crash("chat", "before the chat provider's answer was heard")
        lost, self.answers_to_lose = self.answers_to_lose > 0, max(0, self.answers_to_lose - 1)
        if self.injector.mishap(self.injector.silence_rate) or lost:
            raise NoAnswer("but done")


@dataclass
class PostOffice:
    """SMTP: it has no key, so a mail whose answer was `lost` goes out once more."""

    injector: FaultInjector
    taken: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    refused: set[str] = field(default_factory=set)

    def send(self, mail: EmailMessage) -> None:
        """As Mailer.send."""
        key = str(mail["Message-ID"]).strip("<>").partition("@")[0]
        if self.injector.mishap(self.injector.silence_rate):
            raise NoAnswer("not sent")
        if key in self.refused or self.injector.mishap(0.02):
            self.refused.add(key)
            raise MailRefused(550)
        self.taken[key] += 1
        if self.injector.mishap(self.injector.silence_rate):
            self.lost[key] += 1
            raise NoAnswer("but sent")
        self.injector.may_crash("notifications", "before the mail server's answer was heard")
