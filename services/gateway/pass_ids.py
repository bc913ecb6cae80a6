"""Remembers the ids of passes: a pass never changes its address."""

from collections import OrderedDict
from typing import Final

from libs.web.clients import Caller

_MOST_REMEMBERED: Final = 10_000


class PassIds:
    """The ids of passes by space and slug."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], str] = OrderedDict()

    async def of(self, ask: Caller, space: str, pass_: str) -> str:
        """Return the id of the pass. Raises ServiceRefused if the caller may see no such pass."""
        known = self._known.get((space, pass_))
        if known is None:
            sold = await ask.get("catalog", f"/spaces/{space}/passes/{pass_}")
            known = self._known[(space, pass_)] = str(sold["pass_id"])
            if len(self._known) > _MOST_REMEMBERED:
                self._known.popitem(last=False)
        return known
