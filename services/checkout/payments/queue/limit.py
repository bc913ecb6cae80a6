"""The limit of payment requests in any second."""

import threading
import time
from bisect import insort
from math import inf
from typing import Final

_LOOK_EVERY_S: Final = 0.02


class SlidingWindowLimit:
    """As many tokens as payments may be requested in a second; times are seconds of one clock.

    A token returns exactly one second after it was taken, so that no second exceeds the limit. A
    token bucket would let through twice as many in the second after a rest. Thread-safe.
    """

    def __init__(self, per_s: float) -> None:
        self.per_s = per_s
        self._size = max(1, int(per_s))
        self._back_after_s = self._size / per_s
        self._gap_s = 1 / per_s
        self._taken: list[float] = []
        self._next_even_at = -inf
        self._lock = threading.Lock()

    def free_at(self, *, evenly: bool) -> float:
        """When the next token is free, perhaps in the past. `evenly`: spaced over the second."""
        with self._lock:
            return self._free_at(evenly=evenly)

    def take(self, now: float, *, evenly: bool = False) -> bool:
        """Take a token, if one is free now."""
        with self._lock:
            while self._taken and self._taken[0] + self._back_after_s <= now:
                del self._taken[0]
            if self._free_at(evenly=evenly) > now:
                return False
            insort(self._taken, now)
            # One late admission must not delay all others.
            self._next_even_at = max(self._next_even_at, now - self._gap_s / 2) + self._gap_s
            return True

    def give_back(self, taken_at: float) -> None:
        """Return an unused token."""
        with self._lock:
            if taken_at in self._taken:
                self._taken.remove(taken_at)
                self._next_even_at -= self._gap_s

    def take_within(self, longest_wait_s: float) -> bool:
        """Block this thread until a token is free; the queue may take it first."""
        give_up_at = time.monotonic() + longest_wait_s
        while not self.take(time.monotonic()):
            if time.monotonic() > give_up_at:
                return False
            time.sleep(_LOOK_EVERY_S)
        return True

    def _free_at(self, *, evenly: bool) -> float:
        full = len(self._taken) >= self._size
        at = self._taken[-self._size] + self._back_after_s if full else -inf
        return max(at, self._next_even_at) if evenly else at
