"""The one source of chance in a story, and of crashes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar
from uuid import UUID

T = TypeVar("T")


class Crash(BaseException):
    """A process dies here. Not an Exception: nothing in the services may survive it."""

    def __init__(self, service: str, where: str) -> None:
        super().__init__(f"{service} dies {where}")
        self.service = service
        self.where = where


@dataclass
class FaultInjector:
    """Everything that is left to chance follows from the seed; `calm` ends all mishaps."""

    seed: int
    crash_rate: float = 0.0
    silence_rate: float = 0.0
    fault_rate: float = 0.0
    crashes_left: int = 6
    calm: bool = False
    mishaps: int = 0
    told: list[str] = field(default_factory=list)
    reactions: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)  # noqa: S311 - it shall be repeatable

    def tell(self, what: str) -> None:
        """Write a line of the story down."""
        self.told.append(what)

    def chance(self, probability: float) -> bool:
        """Whether it happens this time. Draws always, so that a knob moves nothing else."""
        return self.random.random() < probability

    def mishap(self, probability: float) -> bool:
        """As `chance`, but never once all is calm."""
        happens = self.chance(probability) and not self.calm
        self.mishaps += happens
        return happens

    def one_of(self, choices: Sequence[T]) -> T:
        """Any of them."""
        return self.random.choice(choices)

    def new_id(self) -> UUID:
        """An id that nobody has yet."""
        return UUID(int=self.random.getrandbits(128), version=4)

    def may_crash(self, service: str, where: str) -> None:
        """Let the process die here, if it is its time. Raises Crash."""
        if self.mishap(self.crash_rate) and self.crashes_left > 0:
            self.crashes_left -= 1
            self.tell(f"   {service} dies {where}")
            raise Crash(service, where)
