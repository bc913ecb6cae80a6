"""With a protection off, the stories must find the damage: else they would prove nothing."""

import pytest

from tests.simulation.mutants import WITHOUT
from tests.simulation.play import play
from tests.simulation.site import Site

SEEDS = 200
pytestmark = pytest.mark.slow(300, "tells stories until a mutant is found out")


@pytest.mark.parametrize(
    ("protection", "found", "last_found_in"),
    [
        ("conditional update", "stock: ", 1),
        ("memory of commands", "commands: ", 0),
        ("inbox", "reactions: ", 3),
        ("lattice", "money: ", 13),
        ("way back of a payment", "money: ", 2),
        ("seat that comes back", "stock: ", 1),
        ("restoring of a membership", "access: ", 50),
        ("end of a hold", "orders: ", 4),
        ("name of a refund", "money: the refund ", 4),
        ("members of the chat at once", "chat: ", 3),
        ("reconciliation", "money: ", 4),
        ("expectation of the last message", "streams: ", 2),
        ("acknowledging after the commit", "reactions: ", 14),
    ],
)
def test_without_a_protection_the_stories_find_the_damage(
    protection: str, found: str, last_found_in: int, site: Site
) -> None:
    # Rare damage is searched where it was last seen; if stories have changed, in all of them.
    seeds = [*range(last_found_in, SEEDS), *range(last_found_in)]
    outcomes = (play(site, seed, WITHOUT[protection]) for seed in seeds)

    assert any(damage.startswith(found) for outcome in outcomes for damage in outcome.damage)
