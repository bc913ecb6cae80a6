"""The only source of randomness and crashes in a story."""

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
    """Randomness and faults that follow from the seed; `calm` ends all faults."""

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
        self.random = Random(self.seed)  # noqa: S311 - must be repeatable

    def tell(self, what: str) -> None:
        """Record a line of the story."""
        self.told.append(what)

    def chance(self, probability: float) -> bool:
        """Return whether it happens. Draws always, so that one setting does not change other
        draws."""
        return self.random.random() < probability

    def mishap(self, probability: float) -> bool:
        """As `chance`, but never once all is calm."""
        happens = self.chance(probability) and not self.calm
        self.mishaps += happens
        return happens

    def one_of(self, choices: Sequence[T]) -> T:
        return self.random.choice(choices)

    def new_id(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)

    def may_crash(self, service: str, where: str) -> None:
        """Let the process die here if it is due. Raises Crash."""
        if self.mishap(self.crash_rate) and self.crashes_left > 0:
            self.crashes_left -= 1
            self.tell(f"   {service} dies {where}")
            raise Crash(service, where)
