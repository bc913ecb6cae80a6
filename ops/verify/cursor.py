"""How far the checker has come, so that the next run begins there."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ops.log_reader import Reached


@dataclass
class Cursor:
    """Up to where all was well: each log with its stream, each stream with its hearers, seats."""

    streams: dict[str, Reached] = field(default_factory=dict)
    effects: dict[str, int] = field(default_factory=dict)
    seats: int = 0

    @classmethod
    def load(cls, file: Path) -> "Cursor":
        """What the last run kept; the beginning when there was none or it can't be read."""
        try:
            known = json.loads(file.read_text())
            streams = {name: Reached(**reached) for name, reached in known["streams"].items()}
            return cls(streams, known["effects"], known["seats"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return cls()

    def save(self, file: Path) -> None:
        """Keep it, whole or not at all."""
        unfinished = file.with_suffix(".new")
        unfinished.write_text(json.dumps(asdict(self)))
        unfinished.replace(file)
