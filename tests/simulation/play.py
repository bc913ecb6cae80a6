"""One seed, one story: played, checked, and delivered again."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

from typing_extensions import override

from tests.servers import PostgresServer
from tests.simulation import checks, money
from tests.simulation.fault_injector import FaultInjector
from tests.simulation.site import Site
from tests.simulation.story import Story
from tests.simulation.wiring import SERVICES
from tests.simulation.world import Protections, World

_MOST_DAMAGE: Final = 5


@dataclass
class Outcome:
    """How a story went; `damage` is empty if every promise was kept."""

    seed: int
    knobs: str
    damage: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    end: dict[str, Any] = field(default_factory=dict)
    purchases: int = 0
    captured: int = 0
    mishaps: int = 0

    @override
    def __str__(self) -> str:
        return "\n".join(
            [f"seed {self.seed}: {self.knobs}", *self.told, *(f"DAMAGE {d}" for d in self.damage)]
        )


def regressions() -> list[int]:
    """Return the seeds whose stories once went wrong."""
    lines = (Path(__file__).parent / "seeds.txt").read_text().splitlines()
    return [int(line.split()[0]) for line in lines if line and not line.startswith("#")]


@contextmanager
def built_site(postgres: PostgresServer) -> Iterator[Site]:
    """The databases with their tables, for any number of stories one after the other."""
    site = Site(postgres)
    try:
        World(site, FaultInjector(0, calm=True)).build()
        yield site
    finally:
        site.close()


def play(site: Site, seed: int, protections: Protections | None = None) -> Outcome:
    """Play the story of this seed. The same seed is the same story."""
    knobs = Random(f"knobs of {seed}")  # noqa: S311 - must be repeatable
    injector = FaultInjector(
        seed,
        crash_rate=knobs.choice((0.0, 0.01, 0.03)),
        silence_rate=knobs.choice((0.0, 0.04, 0.15)),
        fault_rate=knobs.choice((0.0, 0.0, 0.05, 0.25)),
    )
    orderly = knobs.random() < 0.7
    steps = knobs.choice((30, 60, 90))
    outcome = Outcome(
        seed,
        f"{steps} steps, crashes {injector.crash_rate}, silence {injector.silence_rate},"
        f" kept faults {injector.fault_rate},"
        f" {'orderly' if orderly else 'any order'}",
        told=injector.told,
    )
    world = World(site, injector, orderly, protections or Protections())
    with _quiet():
        try:
            _live(world, outcome, steps)
        except Exception as fault:  # noqa: BLE001 - a story that breaks off is damage too
            outcome.damage.append(f"broke off: {type(fault).__name__}: {fault}")
        finally:
            world.end()
    outcome.captured = len(world.bank.captured)
    outcome.mishaps = injector.mishaps + sum(world.deaths.values())
    return outcome


def _live(world: World, outcome: Outcome, steps: int) -> None:
    world.begin()
    story = Story(world, steps)
    story.begin()

    def look() -> None:
        outcome.damage += money.check_moment(world)
        if outcome.damage:
            raise _Damaged

    story.after_step = look
    try:
        story.run()
    except _Damaged:
        return
    story.bounds = checks.BOUNDS
    story.settle_down()
    outcome.damage += list(checks.check_end(world))[:_MOST_DAMAGE]
    outcome.damage += story.lies
    outcome.end = checks.state_of(world)
    outcome.purchases = story.count_purchases()
    if outcome.damage:
        return
    # Each takes as long as the story itself, so they take turns.
    if outcome.seed % 2:
        _tell_again(world, story, outcome)
        outcome.damage += story.lies
    else:
        service = SERVICES[outcome.seed // 2 % len(SERVICES)]
        outcome.damage += checks.check_rebuild(world, service)


class _Damaged(Exception):
    """The story can't continue."""


def _tell_again(world: World, story: Story, outcome: Outcome) -> None:
    """Deliver everything once more: nothing may change."""
    before = checks.state_of(world)
    for producer in SERVICES:
        world.bus.forget(producer, len(world.bus.streams.get(producer, [])))
    story.say_all_again()
    story.settle_down(within=timedelta(0))
    after = checks.state_of(world)
    outcome.damage += [
        f"redelivered: {what} was {before[what]} and is {after[what]}"
        for what in before
        if before[what] != after[what]
    ]


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the services' logs about injected faults."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
