"""An identity service in memory, and a person who signs in to it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

from eventsourcing.persistence import Notification

from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.scheduling.schedule import MemorySchedule
from services.identity.application import MAIL_SIGN_IN_CODE, Guess, Identity
from services.identity.domain import Limits
from services.identity.keyed_hashing import KeyedHashing, token_hash
from services.identity.tests.fakes import FakeTables

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HASHING = KeyedHashing(b"a pepper of the tests, long enough to be one")
ADA = "ada@example.org"


@dataclass
class House:
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        self.requests = 0
        self.clock = FixedClock(NOON)
        self.schedule = MemorySchedule()
        self.tables = FakeTables()
        self.identity = Identity(
            clock=self.clock,
            schedule=self.schedule,
            tables=self.tables.as_tables(),
            hashing=HASHING,
            limits=self.limits,
        )

    def ask(self, address: str = ADA, browser: str = "browser", network: str = "192.0.2.1") -> str:
        """Ask for a code and read it from the outgoing mail."""
        self.requests += 1
        self.identity.request_code(UUID(int=self.requests), address, browser, network, "en")
        return self.mailed_codes()[-1]

    def mailed_codes(self) -> list[str]:
        mails = [e for e in self.schedule.entries if e.kind == MAIL_SIGN_IN_CODE]
        return [HASHING.code_of(UUID(mail.payload["request_id"])) for mail in mails]

    def guess(self, code: str, address: str = ADA, browser: str = "browser") -> dict[str, str]:
        return self.identity.sign_in(
            Guess(address, code, browser, "a browser", token_hash(str(uuid4())))
        )

    def sign_in(self, address: str = ADA, browser: str = "browser") -> tuple[UUID, UUID]:
        """Return person and session."""
        outcome = self.guess(self.ask(address, browser), address, browser)
        return UUID(outcome["person_id"]), UUID(outcome["session_id"])

    def stored(self) -> list[str]:
        return [notification.topic for notification in self.log()]

    def log(self) -> list[Notification]:
        return list(self.identity.recorder.select_notifications(start=1, limit=1000))


def wrong(code: str) -> str:
    """Return six other digits."""
    return f"{(int(code) + 1) % 1_000_000:06d}"
