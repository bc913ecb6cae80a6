"""A waiting line in front of a provider that takes only so many requests a second."""

import asyncio
from typing import Final

LONGEST_WAIT_S: Final = 3.0


class Pace:
    """Lets through at most `per_s` a second, in the order in which they came."""

    def __init__(self, per_s: float) -> None:
        self._gap_s = 1 / per_s
        self._next_at = 0.0

    async def turn(self, longest_wait_s: float = LONGEST_WAIT_S) -> bool:
        """Wait for one's turn; False at once when that would take too long."""
        now = asyncio.get_running_loop().time()
        at = max(now, self._next_at)
        if at - now > longest_wait_s:
            return False
        self._next_at = at + self._gap_s
        if at > now:
            await asyncio.sleep(at - now)
        return True
