from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from libs.runtime.scheduling.clock import FixedClock
from services.access.application import Access
from services.access.domain import BanReason, Deciding, RevocationCause, Window
from services.access.explanation import Explanation, explain
from services.access.sentences import sentence
from services.access.tests.builders import HOUR, NOON, an_access, an_entitlement

MINUTE = timedelta(minutes=1)


class Story:
    """One person, one experience, and what happens between them, a minute apart."""

    def __init__(self) -> None:
        self.clock = FixedClock(NOON)
        self.access: Access = an_access(self.clock)
        self.space_id, self.person_id, self.experience_id = uuid4(), uuid4(), uuid4()
        self.grant_ids: list = []

    def buys(self, until: datetime | None = None):
        who = {"person_id": self.person_id, "space_id": self.space_id}
        entitled = an_entitlement(
            self.experience_id, **who, valid_from=self.clock.now(), valid_until=until
        )
        self.grant_ids += self.access.issue_grants(entitled)
        self.clock.advance(MINUTE)
        return entitled.source_id

    def is_refunded(self, membership_id: UUID, version: int = 2) -> None:
        self.access.follow_membership(membership_id, version, RevocationCause.REFUND)
        self.clock.advance(MINUTE)

    def told_at(self, at: datetime) -> Explanation:
        events = self.access.list_history(self.grant_ids, [self.space_id], self.person_id)
        return explain(events, at)


def test_a_person_who_never_had_a_grant_is_told_so() -> None:
    told = Story().told_at(NOON)

    assert (told.allowed, told.because, told.timeline) == (False, Deciding.NO_GRANT, ())


def test_any_past_instant_is_judged_by_what_had_happened_by_then() -> None:
    story = Story()
    source_id = story.buys()
    story.is_refunded(source_id)

    told = [story.told_at(NOON + n * MINUTE).because for n in (-1, 0, 1)]

    assert told == [Deciding.NO_GRANT, Deciding.GRANT, Deciding.REVOKED]


def test_of_two_grants_the_one_that_stands_decides() -> None:
    story = Story()
    story.is_refunded(story.buys())
    story.buys(until=NOON + HOUR)

    assert story.told_at(NOON + 2 * MINUTE).allowed
    assert story.told_at(NOON + HOUR).because is Deciding.EXPIRED


def test_a_ban_stands_above_the_grant_until_it_is_lifted() -> None:
    story = Story()
    story.buys()
    story.access.ban_person(story.space_id, story.person_id, BanReason.SPAM)
    story.clock.advance(MINUTE)
    story.access.lift_ban(story.space_id, story.person_id)

    told = [story.told_at(NOON + n * MINUTE).because for n in (0, 1, 2)]

    assert told == [Deciding.GRANT, Deciding.BANNED, Deciding.GRANT]


def test_the_timeline_tells_what_happened_in_plain_words() -> None:
    story = Story()
    source_id = story.buys(until=NOON + HOUR)
    story.access.ban_person(story.space_id, story.person_id, BanReason.SPAM)
    story.clock.advance(MINUTE)
    story.is_refunded(source_id)

    told = story.told_at(NOON + 2 * MINUTE)

    assert [sentence(step.sentence, step.given) for step in told.timeline] == [
        "A purchase opened the door from 1 June 2026, 12:00:00 UTC"
        " until 1 June 2026, 13:00:00 UTC.",
        "The team of the space banned this person for spam.",
        "The money was refunded in full, so the access ended.",
    ]


def test_a_restored_membership_opens_again_and_the_time_in_between_stays_explained() -> None:
    story, until = Story(), NOON + HOUR
    membership_id = story.buys(until=until)
    story.is_refunded(membership_id)
    story.access.follow_membership(membership_id, 3, window=Window(NOON, until))
    story.clock.advance(MINUTE)
    story.access.follow_membership(membership_id, 4, window=Window(NOON))

    told = story.told_at(NOON + 3 * MINUTE)

    assert [story.told_at(NOON + n * MINUTE).because for n in (0, 1, 2)] == [
        Deciding.GRANT,
        Deciding.REVOKED,
        Deciding.GRANT,
    ]
    assert [sentence(step.sentence, step.given) for step in told.timeline[2:]] == [
        "The access was given again, from 1 June 2026, 12:00:00 UTC"
        " until 1 June 2026, 13:00:00 UTC.",
        "The time of the access changed: from 1 June 2026, 12:00:00 UTC for ever.",
    ]
    assert story.told_at(until).allowed


@pytest.mark.parametrize("because", list(Deciding))
def test_every_deciding_rule_has_its_sentence(because: Deciding) -> None:
    told = sentence(f"because-{because}", {})

    assert told.startswith("Entry is allowed" if because is Deciding.GRANT else "Entry is refused")


def test_a_sentence_that_is_missing_is_a_fault() -> None:
    with pytest.raises(LookupError):
        sentence("no-such-sentence", {})
