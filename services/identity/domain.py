"""People, their sessions, and the rules of the sign-in code. No I/O, no clock, no random."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override

CODE_DIGITS: Final = 6
CODE_VALID_FOR: Final = timedelta(minutes=10)
TRIES_PER_CODE: Final = 5
LIMIT_WINDOW: Final = timedelta(hours=1)
SESSION_IDLE_LIMIT: Final = timedelta(days=30)
SESSION_ABSOLUTE_LIMIT: Final = timedelta(days=90)
FRESH_FOR: Final = timedelta(minutes=15)
DISPLAY_NAME_LENGTH: Final = 80

_LOCAL: Final = r"[^\s@,;:<>()\[\]\\\"\x00-\x1f\x7f]{1,64}"
_LABEL: Final = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_ADDRESS: Final = re.compile(rf"{_LOCAL}@{_LABEL}(?:\.{_LABEL})+")
_LONGEST_ADDRESS: Final = 254
_IPV6_SITE_BITS: Final = 64


class InvalidAddress(Exception):
    """The text is no e-mail address."""

    errors = ({"field": "email", "message": "This is no e-mail address"},)


class InvalidDisplayName(Exception):
    """A display name is one line of at most 80 characters."""

    errors = ({"field": "display_name", "message": "One line of at most 80 characters"},)


class SessionNotFound(Exception):
    """No open session of this person has this id."""


class PersonNotFound(Exception):
    """No person has this id."""


class TooManyCodes(Exception):
    """The address, its network or everyone together asked for too many codes of late."""

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class Verdict(StrEnum):
    """What became of a typed code."""

    RIGHT = "right"
    WRONG = "wrong_code"
    EXPIRED = "code_expired"
    BURNED = "code_burned"
    TOO_MANY_TRIES = "too_many_tries"


def normalise_address(text: str) -> str:
    """The one spelling of an address: NFKC, stripped, casefolded. Raises InvalidAddress."""
    address = unicodedata.normalize("NFKC", text).strip().casefold()
    if len(address) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(address) or ".." in address:
        raise InvalidAddress
    return address


def normalise_display_name(text: str) -> str:
    """The name as shown: NFC, inner space single. Empty is allowed. Raises InvalidDisplayName."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if len(name) > DISPLAY_NAME_LENGTH or not name.isprintable():
        raise InvalidDisplayName
    return name


def network_of(address: str) -> str:
    """What counts as one network: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        ip = ip_address(address)
    except ValueError:
        return "unknown"
    if ip.version == 6:  # one site has 2^64 addresses of its own
        return str(ip_network((ip, _IPV6_SITE_BITS), strict=False))
    return str(ip)


@dataclass(frozen=True, slots=True)
class Limits:
    """How often codes may be sent and guessed within one hour (product, sign-in)."""

    sends_per_address: int = 5
    sends_per_network: int = 30
    sends_in_total: int = 2_000
    failures_per_address: int = 20


@dataclass(frozen=True, slots=True)
class SignInCode:
    """A code that was asked for, as far as judging a guess needs it."""

    request_id: UUID
    asked_at: datetime
    failures: int
    used: bool

    @property
    def expires_at(self) -> datetime:
        """From then on it opens nothing."""
        return self.asked_at + CODE_VALID_FOR

    def judge(self, at: datetime, *, same_browser: bool, same_code: bool) -> Verdict:
        """What a guess is worth. A guess from another browser is wrong, whatever it says."""
        if not same_browser:
            return Verdict.WRONG
        if self.used or at >= self.expires_at:
            return Verdict.EXPIRED
        if self.failures >= TRIES_PER_CODE:
            return Verdict.BURNED
        if same_code:
            return Verdict.RIGHT
        return Verdict.BURNED if self.failures + 1 >= TRIES_PER_CODE else Verdict.WRONG


class Person(Aggregate):
    """Someone who signed in; the id says nothing about them."""

    TOPIC = "identity.person"

    class Created(Aggregate.Created):
        """Required by the library beside a named creation event; never used."""

        TOPIC = "identity.person.created"

    class Registered(Aggregate.Created):
        """They signed in for the first time."""

        TOPIC = "identity.person.registered"

        request_id: UUID
        registered_at: datetime

    @event(Registered)
    def __init__(self, request_id: UUID, registered_at: datetime) -> None:
        self.registered_at = registered_at

    @staticmethod
    @override
    def create_id(request_id: UUID) -> UUID:
        """Made of the code by which they first signed in: one code registers one person."""
        return uuid5(NAMESPACE_URL, f"/people/{request_id}")


class Session(Aggregate):
    """One signed-in browser or app of a person; its token is no part of it."""

    TOPIC = "identity.session"

    class Created(Aggregate.Created):
        """Required by the library beside a named creation event; never used."""

        TOPIC = "identity.session.created"

    class Started(Aggregate.Created):
        """The person proved who they are by a code."""

        TOPIC = "identity.session.started"

        request_id: UUID
        person_id: UUID
        started_at: datetime

    class Ended(Aggregate.Event):
        """Its token opens nothing any more."""

        TOPIC = "identity.session.ended"

        ended_at: datetime

    @event(Started)
    def __init__(self, request_id: UUID, person_id: UUID, started_at: datetime) -> None:
        self.person_id = person_id
        self.started_at = started_at
        self.is_open = True

    @staticmethod
    @override
    def create_id(request_id: UUID) -> UUID:
        """One code starts one session, however often we are told."""
        return uuid5(NAMESPACE_URL, f"/sessions/{request_id}")

    def end(self, at: datetime) -> None:
        """Close it. Raises SessionNotFound when it is closed already."""
        if not self.is_open:
            raise SessionNotFound(self.id)
        self._ended(ended_at=at)

    @event(Ended)
    def _ended(self, ended_at: datetime) -> None:
        self.is_open = False


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session as its row shows it."""

    session_id: UUID
    person_id: UUID
    started_at: datetime
    last_seen_at: datetime

    def is_valid(self, at: datetime) -> bool:
        """Within 30 days of being seen and 90 days of its start."""
        return (
            at < self.last_seen_at + SESSION_IDLE_LIMIT
            and at < self.started_at + SESSION_ABSOLUTE_LIMIT
        )

    @property
    def fresh_until(self) -> datetime:
        """Until then the person needs no new code for what asks for a fresh one."""
        return self.started_at + FRESH_FOR
