"""With a protection off, the stories must find the damage: else they would prove nothing."""

import pytest

from tests.simulation.careless import WITHOUT
from tests.simulation.play import play
from tests.simulation.site import Site
from tests.simulation.test_simulation import SEEDS

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize(
    ("protection", "found"),
    [
        ("conditional update", "stock: "),
        ("inbox", "reactions: "),
        ("lattice", "money: "),
        ("rounds over the lists", "money: "),
        ("acknowledging after the commit", "reactions: "),
    ],
)
def test_without_a_protection_the_stories_find_the_damage(
    protection: str, found: str, site: Site
) -> None:
    damaged = next(
        outcome
        for seed in range(SEEDS)
        if (outcome := play(site, seed, WITHOUT[protection])).damage
    )

    assert any(damage.startswith(found) for damage in damaged.damage), str(damaged)
