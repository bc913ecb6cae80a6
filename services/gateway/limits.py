"""Limits the posts per minute; counts in the memory of this process."""

import time
from collections import deque
from collections.abc import Callable
from typing import Final

from libs.runtime.http.problems import Problem

_WINDOW_S: Final = 60.0
_MOST_REMEMBERED: Final = 100_000


def _too_many_requests(retry_after_s: int) -> Problem:
    headers = {"Retry-After": str(retry_after_s)}
    return Problem(429, "too_many_requests", "Too fast", headers=headers)


class RateLimit:
    """Allows a number of requests per minute for each client and each process."""

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._now = now
        self._seen: dict[str, deque[float]] = {}

    def check(self, who: str) -> None:
        """Count a request. Raises a Problem (429) above the limit; that request does not count."""
        now = self._now()
        seen = self._seen.setdefault(who, deque())
        while seen and seen[0] <= now - _WINDOW_S:
            seen.popleft()
        if len(seen) >= self._per_minute:
            raise _too_many_requests(max(1, round(seen[0] + _WINDOW_S - now)))
        seen.append(now)
        if len(self._seen) > _MOST_REMEMBERED:
            self._forget(now)

    def _forget(self, now: float) -> None:
        kept = {
            who: seen for who, seen in self._seen.items() if seen and seen[-1] > now - _WINDOW_S
        }
        self._seen = kept
