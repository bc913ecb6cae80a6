"""How far the checker has come, so that the next run continues there."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from ops.log_reader import Reached
from ops.verify.outcomes import Awaited
from ops.verify.payments import Asked
from ops.verify.stock import Ledger
from ops.verify.views import Turn


@dataclass
class Cursor:
    """Up to where everything was right, and what was not and is checked again."""

    streams: dict[str, Reached] = field(default_factory=dict)
    effects: dict[str, int] = field(default_factory=dict)
    stock: Ledger = field(default_factory=Ledger)
    outcomes: Awaited = field(default_factory=Awaited)
    payments: Asked = field(default_factory=Asked)
    views: Turn = field(default_factory=Turn)

    @classmethod
    def load(cls, file: Path) -> "Cursor":
        """Return what the last run stored; the beginning if it is missing or unreadable."""
        try:
            return _KEPT.validate_json(file.read_bytes())
        except (FileNotFoundError, ValueError):
            return cls()

    def save(self, file: Path) -> None:
        """Store it atomically."""
        unfinished = file.with_suffix(".new")
        unfinished.write_bytes(_KEPT.dump_json(self))
        unfinished.replace(file)


_KEPT: Final = TypeAdapter(Cursor)
