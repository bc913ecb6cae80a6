"""Two hundred stories, those that went wrong once before all others."""

import pytest

from tests.simulation.play import play, regressions
from tests.simulation.site import Site

SEEDS = 200
_AT_ONCE = 20

pytestmark = pytest.mark.timeout(180)


@pytest.mark.parametrize("seed", regressions())
def test_a_story_that_went_wrong_once_goes_well(seed: int, site: Site) -> None:
    outcome = play(site, seed)

    assert not outcome.damage, str(outcome)


def test_the_same_seed_tells_the_same_story_to_its_end(site: Site) -> None:
    seed = 31

    once, again = play(site, seed), play(site, seed)

    assert once.told == again.told
    assert once.end == again.end
    assert len(once.told) > 20


@pytest.mark.parametrize("first", range(0, SEEDS, _AT_ONCE))
def test_every_promise_is_kept_in_the_stories_from(first: int, site: Site) -> None:
    outcomes = [play(site, seed) for seed in range(first, first + _AT_ONCE)]

    damaged = [str(outcome) for outcome in outcomes if outcome.damage]
    assert not damaged, "\n\n".join(damaged)
    assert sum(outcome.purchases for outcome in outcomes) > _AT_ONCE / 2
    assert sum(outcome.mishaps for outcome in outcomes) > _AT_ONCE
