from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.access.domain import (
    AlreadyBanned,
    Ban,
    BanReason,
    Deciding,
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

    assert ban.stands


@pytest.mark.parametrize(
    ("window", "says"),
    [
        (Window(NOON), Deciding.GRANT),
        (Window(NOON + HOUR), Deciding.NOT_YET),
        (Window(NOON - HOUR, until=NOON), Deciding.EXPIRED),
        (Window(NOON - HOUR, until=NOON + HOUR), Deciding.GRANT),
        (Window(NOON - HOUR, revoked_at=NOON), Deciding.REVOKED),
        (Window(NOON - HOUR, revoked_at=NOON + HOUR), Deciding.GRANT),
        (Window(NOON - HOUR, until=NOON, revoked_at=NOON - HOUR), Deciding.REVOKED),
    ],
)
def test_a_window_opens_at_its_first_instant_and_is_shut_at_its_last(
    window: Window, says: Deciding
) -> None:
    assert window.deciding_at(NOON) is says
    assert decide_entry([window], banned=False, at=NOON) is says


def test_without_any_grant_the_door_is_shut_whether_banned_or_not() -> None:
    said = {decide_entry([], banned=banned, at=NOON) for banned in (True, False)}

    assert said == {Deciding.NO_GRANT}


_hours = st.integers(-5, 5).map(lambda h: NOON + h * HOUR)
_windows = st.lists(st.builds(Window, _hours, st.none() | _hours, st.none() | _hours), max_size=4)


@given(windows=_windows, at=_hours)
def test_some_grant_that_covers_the_instant_and_no_ban_open_the_door(
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

    assert (free is Deciding.GRANT) == covered
    assert banned is (Deciding.BANNED if covered else free)


@given(windows=_windows, another=st.builds(Window, _hours), at=_hours)
def test_one_more_grant_never_shuts_a_door(
    windows: list[Window], another: Window, at: object
) -> None:
    before = decide_entry(windows, banned=False, at=at)

    after = decide_entry([*windows, another], banned=False, at=at)

    assert before is not Deciding.GRANT or after is Deciding.GRANT
