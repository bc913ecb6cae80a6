"""A hundred stories, first those that once went wrong; `./bp simulate` runs more."""

import pytest

from tests.simulation.play import play, regressions
from tests.simulation.site import Site

STORIES = 100
_AT_ONCE = 20

pytestmark = pytest.mark.slow(180, "tells a batch of stories")


@pytest.mark.parametrize("seed", regressions())
def test_story_that_once_failed_succeeds(seed: int, site: Site) -> None:
    outcome = play(site, seed)

    assert not outcome.damage, str(outcome)


def test_seed_gives_the_same_story_whatever_ran_before(site: Site) -> None:
    seeds = (2, 31, 97, 105)

    once = {seed: play(site, seed) for seed in seeds}
    again = {seed: play(site, seed) for seed in reversed(seeds)}

    for seed in seeds:
        assert once[seed].told == again[seed].told
        assert once[seed].end == again[seed].end
    assert max(len(outcome.told) for outcome in once.values()) > 20


@pytest.mark.parametrize("first", range(0, STORIES, _AT_ONCE))
def test_every_promise_is_kept_in_the_stories_from(first: int, site: Site) -> None:
    outcomes = [play(site, seed) for seed in range(first, first + _AT_ONCE)]

    damaged = [str(outcome) for outcome in outcomes if outcome.damage]
    assert not damaged, "\n\n".join(damaged)
    assert sum(outcome.purchases for outcome in outcomes) > _AT_ONCE / 2
    assert sum(outcome.mishaps for outcome in outcomes) > _AT_ONCE
