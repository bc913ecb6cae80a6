"""Which pass an address means; addresses are for good, so each is asked for once."""

from collections import OrderedDict
from typing import Final

from libs.web.clients import Caller

_MOST_REMEMBERED: Final = 10_000


class PassIds:
    """The ids of passes by space and slug."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], str] = OrderedDict()

    async def of(self, ask: Caller, space: str, pass_: str) -> str:
        """The pass's id. Raises ServiceRefused when who asks may see no such pass."""
        known = self._known.get((space, pass_))
        if known is None:
            sold = await ask.get("catalog", f"/spaces/{space}/passes/{pass_}")
            known = self._known[(space, pass_)] = str(sold["pass_id"])
            if len(self._known) > _MOST_REMEMBERED:
                self._known.popitem(last=False)
        return known
