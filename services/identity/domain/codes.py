"""Sign-in codes: their limits, and the verdict on a guess."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

CODE_DIGITS: Final = 6
CODE_VALID_FOR: Final = timedelta(minutes=10)
TRIES_PER_CODE: Final = 5
LIMIT_WINDOW: Final = timedelta(hours=1)
_LONGEST_PAUSE: Final = timedelta(minutes=15)


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
