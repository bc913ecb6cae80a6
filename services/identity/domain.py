"""People, their sessions, and the rules of sign-in codes. No I/O, no clock, no random."""

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
_ENCODED_WORD: Final = "=?"
"""The start of an encoded word (RFC 2047), which mail libraries decode into another address."""
_DOTS_MEAN_NOTHING: Final = frozenset({"gmail.com", "googlemail.com"})
_LONGEST_PAUSE: Final = timedelta(minutes=15)
_IPV6_SITE_BITS: Final = 64


class InvalidAddress(Exception):
    """The text is no e-mail address."""

    errors = ({"field": "email", "message": "This is no e-mail address"},)


class InvalidDisplayName(Exception):
    """A display name is one line of at most 80 characters."""

    errors = ({"field": "display_name", "message": "One line of at most 80 characters"},)


class SessionNotFound(Exception):
    """The person has no open session with this id."""


class PersonNotFound(Exception):
    """No person has this id."""


class TooManyCodes(Exception):
    """The browser, its network, the inbox or everyone together asked for too many codes
    recently."""

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class Verdict(StrEnum):
    """The verdict on a typed code."""

    RIGHT = "right"
    WRONG = "wrong_code"
    EXPIRED = "code_expired"
    BURNED = "code_burned"
    TOO_MANY_TRIES = "too_many_tries"


def normalise_address(text: str) -> str:
    """Return the one spelling of an address: NFKC, stripped, casefolded.

    Raises InvalidAddress, also for encoded words and invisible characters.
    """
    address = unicodedata.normalize("NFKC", text).strip(" ").casefold()
    well_formed = _ADDRESS.fullmatch(address) and ".." not in address and address.isprintable()
    if not well_formed or len(address) > _LONGEST_ADDRESS or _ENCODED_WORD in address:
        raise InvalidAddress
    return address


def inbox_of(address: str) -> str:
    """Return the inbox to which a mail server delivers a normalised address.

    Used only for limits: people are identified by the address as typed. Tags behind a plus are
    dropped everywhere (RFC 5233), dots where the provider ignores them.
    """
    local, _, domain = address.rpartition("@")
    local = local.partition("+")[0] or local
    domain = domain.encode("idna").decode() if _fits_idna(domain) else domain
    if domain in _DOTS_MEAN_NOTHING:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def _fits_idna(domain: str) -> bool:
    try:
        domain.encode("idna")
    except UnicodeError:
        return False
    return True


def normalise_display_name(text: str) -> str:
    """Return the name as shown: NFC, single inner spaces. Empty is allowed. Raises
    InvalidDisplayName."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if len(name) > DISPLAY_NAME_LENGTH or not name.isprintable():
        raise InvalidDisplayName
    return name


def network_of(address: str) -> str:
    """Return the network that limits count: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        ip = ip_address(address)
    except ValueError:
        return "unknown"
    if ip.version == 6:  # one site has 2^64 addresses of its own
        return str(ip_network((ip, _IPV6_SITE_BITS), strict=False))
    return str(ip)


@dataclass(frozen=True, slots=True)
class Sends:
    """How many codes were requested within the window, by whom, and when the window began."""

    by_browser: int
    by_network: int
    in_total: int
    to_inbox: int
    browser_since: datetime
    network_since: datetime
    total_since: datetime
    last_to_inbox: datetime


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on codes sent and guessed within one hour.

    A browser that has signed in to the address before has only the limit `sends_per_browser`, so
    that other people's requests can't lock its owner out. All other browsers wait for the next code
    once the inbox got its `free_sends_per_inbox`: a minute, doubled with each further code, up to
    15 minutes. Each code allows five guesses, so the pauses limit guessing as well.
    """

    sends_per_browser: int = 5
    sends_per_network: int = 30
    sends_in_total: int = 2_000
    free_sends_per_inbox: int = 5
    failures_per_browser: int = 20

    def wait_of(self, sends: Sends, at: datetime, *, known_browser: bool) -> timedelta:
        """Return how long the next code has to wait; zero or less means that it may go out now."""
        waits = [_until(sends.browser_since, at, sends.by_browser >= self.sends_per_browser)]
        if not known_browser:
            waits += [
                _until(sends.network_since, at, sends.by_network >= self.sends_per_network),
                _until(sends.total_since, at, sends.in_total >= self.sends_in_total),
                sends.last_to_inbox + self._pause_of_inbox(sends.to_inbox) - at,
            ]
        return max(waits)

    def _pause_of_inbox(self, sent: int) -> timedelta:
        beyond = sent - self.free_sends_per_inbox
        if beyond < 0:
            return timedelta(0)
        return min(timedelta(minutes=2 ** min(beyond, 10)), _LONGEST_PAUSE)


def _until(since: datetime, at: datetime, is_reached: bool) -> timedelta:
    return since + LIMIT_WINDOW - at if is_reached else timedelta(0)


@dataclass(frozen=True, slots=True)
class SignInCode:
    """A requested code, as far as judging a guess needs it."""

    request_id: UUID
    asked_at: datetime
    failures: int
    used: bool

    @property
    def expires_at(self) -> datetime:
        """Return when the code expires."""
        return self.asked_at + CODE_VALID_FOR

    def judge(self, at: datetime, *, same_code: bool) -> Verdict:
        """Judge a guess from the browser that asked."""
        if self.used or at >= self.expires_at:
            return Verdict.EXPIRED
        if self.failures >= TRIES_PER_CODE:
            return Verdict.BURNED
        if same_code:
            return Verdict.RIGHT
        return Verdict.BURNED if self.failures + 1 >= TRIES_PER_CODE else Verdict.WRONG


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


class Session(Aggregate):
    """One signed-in browser or app of a person; its token is stored elsewhere."""

    TOPIC = "identity.session"

    class Created(Aggregate.Created):
        """The library requires it beside a named creation event; never used."""

        TOPIC = "identity.session.created"

    class Started(Aggregate.Created):
        """The person proved who they are by a code."""

        TOPIC = "identity.session.started"

        request_id: UUID
        person_id: UUID
        started_at: datetime

    class FoundInNewBrowser(Aggregate.Event):
        """The account was there already, and this browser had never signed in to it."""

        TOPIC = "identity.session.found_in_new_browser"

        person_id: UUID

    class Ended(Aggregate.Event):
        """The session's token became invalid."""

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
        """Derive the id from the code: one code starts one session, however often the command
        repeats."""
        return uuid5(NAMESPACE_URL, f"/sessions/{request_id}")

    def note_new_browser(self) -> None:
        """It is the first session of this browser; its person wants to know."""
        self._found_in_new_browser(person_id=self.person_id)

    @event(FoundInNewBrowser)
    def _found_in_new_browser(self, person_id: UUID) -> None:
        pass

    def end(self, at: datetime) -> None:
        """End the session. Raises SessionNotFound if it has ended already."""
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
        """Return whether it is open: seen within 30 days, and started within 90 days."""
        return (
            at < self.last_seen_at + SESSION_IDLE_LIMIT
            and at < self.started_at + SESSION_ABSOLUTE_LIMIT
        )

    @property
    def fresh_until(self) -> datetime:
        """Return until when the session counts as fresh, so that no new code is needed."""
        return self.started_at + FRESH_FOR
