from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from libs.runtime.scheduling.clock import FixedClock
from services.access.application import Access
from services.access.domain import BanReason, EntryRule, RevocationCause, Window
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

    def explained_at(self, at: datetime) -> Explanation:
        events = self.access.list_history(self.grant_ids, [self.space_id], self.person_id)
        return explain(events, at)


def test_without_a_grant_the_explanation_is_empty() -> None:
    explained = Story().explained_at(NOON)

    assert (explained.allowed, explained.because, explained.timeline) == (
        False,
        EntryRule.NO_GRANT,
        (),
    )


def test_any_past_instant_is_judged_by_what_had_happened_by_then() -> None:
    story = Story()
    source_id = story.buys()
    story.is_refunded(source_id)

    rules = [story.explained_at(NOON + n * MINUTE).because for n in (-1, 0, 1)]

    assert rules == [EntryRule.NO_GRANT, EntryRule.GRANT, EntryRule.REVOKED]


def test_of_two_grants_the_active_one_decides() -> None:
    story = Story()
    story.is_refunded(story.buys())
    story.buys(until=NOON + HOUR)

    assert story.explained_at(NOON + 2 * MINUTE).allowed
    assert story.explained_at(NOON + HOUR).because is EntryRule.EXPIRED


def test_a_ban_outweighs_the_grant_until_it_is_lifted() -> None:
    story = Story()
    story.buys()
    story.access.ban_person(story.space_id, story.person_id, BanReason.SPAM)
    story.clock.advance(MINUTE)
    story.access.lift_ban(story.space_id, story.person_id)

    rules = [story.explained_at(NOON + n * MINUTE).because for n in (0, 1, 2)]

    assert rules == [EntryRule.GRANT, EntryRule.BANNED, EntryRule.GRANT]


def test_the_timeline_has_a_sentence_for_each_event() -> None:
    story = Story()
    source_id = story.buys(until=NOON + HOUR)
    story.access.ban_person(story.space_id, story.person_id, BanReason.SPAM)
    story.clock.advance(MINUTE)
    story.is_refunded(source_id)

    explained = story.explained_at(NOON + 2 * MINUTE)

    assert [sentence(step.sentence, step.given) for step in explained.timeline] == [
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

    explained = story.explained_at(NOON + 3 * MINUTE)

    assert [story.explained_at(NOON + n * MINUTE).because for n in (0, 1, 2)] == [
        EntryRule.GRANT,
        EntryRule.REVOKED,
        EntryRule.GRANT,
    ]
    assert [sentence(step.sentence, step.given) for step in explained.timeline[2:]] == [
        "The access was given again, from 1 June 2026, 12:00:00 UTC"
        " until 1 June 2026, 13:00:00 UTC.",
        "The time of the access changed: from 1 June 2026, 12:00:00 UTC for ever.",
    ]
    assert story.explained_at(until).allowed


@pytest.mark.parametrize("because", list(EntryRule))
def test_every_rule_has_its_sentence(because: EntryRule) -> None:
    text = sentence(f"because-{because}", {})

    assert text.startswith("Entry is allowed" if because is EntryRule.GRANT else "Entry is refused")


def test_a_missing_sentence_is_a_fault() -> None:
    with pytest.raises(LookupError):
        sentence("no-such-sentence", {})
