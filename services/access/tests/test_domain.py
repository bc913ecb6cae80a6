from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.access.domain import (
    AlreadyBanned,
    Ban,
    BanReason,
    EntryRule,
    Grant,
    GrantNotActive,
    NotBanned,
    RevocationCause,
    Source,
    Window,
    decide_entry,
)
from services.access.tests.builders import HOUR, NOON, a_grant


def test_the_team_revokes_a_grant_once() -> None:
    grant = a_grant()
    grant.revoke(RevocationCause.CREATOR, 1, NOON)

    with pytest.raises(GrantNotActive):
        grant.revoke(RevocationCause.ABUSE, 1, NOON)

    assert [type(e) for e in grant.collect_events()] == [Grant.Issued, Grant.Revoked]


def test_a_grant_expires_at_its_time_and_once() -> None:
    grant = a_grant(valid_until=NOON + HOUR)

    grant.expire(1, NOON + HOUR - timedelta(microseconds=1))
    early = grant.is_active
    grant.expire(1, NOON + HOUR)
    grant.expire(1, NOON + HOUR)

    assert early
    assert [type(e) for e in grant.collect_events()] == [Grant.Issued, Grant.Expired]


def test_a_grant_for_ever_does_not_expire() -> None:
    grant = a_grant(valid_until=None)

    grant.expire(1, NOON + 100_000 * HOUR)

    assert grant.is_active


def test_an_expired_grant_opens_again_with_another_window_alone() -> None:
    grant = a_grant(valid_until=NOON + HOUR)
    grant.expire(1, NOON + HOUR)
    grant.collect_events()

    grant.hold(Window(NOON, NOON + HOUR), 2, NOON + HOUR)
    grant.hold(Window(NOON, NOON + 2 * HOUR), 3, NOON + HOUR)

    assert [type(e) for e in grant.collect_events()] == [Grant.Reinstated]
    assert grant.is_active


def test_one_source_and_experience_make_one_grant_id() -> None:
    source_id, experience_id = uuid4(), uuid4()

    ids = {a_grant(source_id=source_id, experience_id=experience_id).id for _ in range(2)}

    assert ids == {Grant.create_id(source_id, experience_id)}


def test_a_source_takes_in_a_version_once_and_no_older_one() -> None:
    source = Source(uuid4())

    source.update(3, RevocationCause.REFUND)
    source.update(3, RevocationCause.REFUND)
    source.update(2, None)

    assert source.revoked_for is RevocationCause.REFUND
    assert [type(e) for e in source.collect_events()] == [Source.Opened, Source.Updated]


def test_a_ban_is_imposed_lifted_and_imposed_again() -> None:
    ban = Ban(uuid4(), uuid4())

    ban.impose(BanReason.SPAM, NOON)
    with pytest.raises(AlreadyBanned):
        ban.impose(BanReason.OTHER, NOON)
    ban.lift(NOON)
    with pytest.raises(NotBanned):
        ban.lift(NOON)
    ban.impose(BanReason.OTHER, NOON)

    assert ban.is_imposed


@pytest.mark.parametrize(
    ("window", "rule"),
    [
        (Window(NOON), EntryRule.GRANT),
        (Window(NOON + HOUR), EntryRule.NOT_YET),
        (Window(NOON - HOUR, until=NOON), EntryRule.EXPIRED),
        (Window(NOON - HOUR, until=NOON + HOUR), EntryRule.GRANT),
        (Window(NOON - HOUR, revoked_at=NOON), EntryRule.REVOKED),
        (Window(NOON - HOUR, revoked_at=NOON + HOUR), EntryRule.GRANT),
        (Window(NOON - HOUR, until=NOON, revoked_at=NOON - HOUR), EntryRule.REVOKED),
    ],
)
def test_a_window_opens_at_its_first_instant_and_is_closed_at_its_end(
    window: Window, rule: EntryRule
) -> None:
    assert window.rule_at(NOON) is rule
    assert decide_entry([window], banned=False, at=NOON) is rule


def test_without_a_grant_nobody_enters_banned_or_not() -> None:
    rules = {decide_entry([], banned=banned, at=NOON) for banned in (True, False)}

    assert rules == {EntryRule.NO_GRANT}


_hours = st.integers(-5, 5).map(lambda h: NOON + h * HOUR)
_windows = st.lists(st.builds(Window, _hours, st.none() | _hours, st.none() | _hours), max_size=4)


@given(windows=_windows, at=_hours)
def test_a_grant_that_covers_the_instant_and_no_ban_let_in(
    windows: list[Window], at: object
) -> None:
    covered = any(
        w.since <= at
        and (w.until is None or at < w.until)
        and (w.revoked_at is None or at < w.revoked_at)
        for w in windows
    )

    free = decide_entry(windows, banned=False, at=at)
    banned = decide_entry(windows, banned=True, at=at)

    assert (free is EntryRule.GRANT) == covered
    assert banned is (EntryRule.BANNED if covered else free)


@given(windows=_windows, another=st.builds(Window, _hours), at=_hours)
def test_one_more_grant_keeps_nobody_out(
    windows: list[Window], another: Window, at: object
) -> None:
    before = decide_entry(windows, banned=False, at=at)

    after = decide_entry([*windows, another], banned=False, at=at)

    assert before is not EntryRule.GRANT or after is EntryRule.GRANT
