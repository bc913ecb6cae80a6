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


def test_a_revoked_grant_cannot_be_revoked_again() -> None:
    grant = a_grant()
    grant.revoke(RevocationCause.REFUND, NOON)

    with pytest.raises(GrantNotActive):
        grant.revoke(RevocationCause.CREATOR, NOON)

    assert [type(e) for e in grant.collect_events()] == [Grant.Issued, Grant.Revoked]


def test_a_grant_does_not_expire_before_its_time() -> None:
    grant = a_grant(valid_until=NOON + HOUR)

    with pytest.raises(GrantNotActive):
        grant.expire(NOON + HOUR - timedelta(microseconds=1))
    grant.expire(NOON + HOUR)

    assert not grant.is_active


def test_a_grant_for_ever_does_not_expire() -> None:
    grant = a_grant(valid_until=None)

    with pytest.raises(GrantNotActive):
        grant.expire(NOON + 100_000 * HOUR)


def test_one_source_and_experience_make_one_grant_id() -> None:
    source_id, experience_id = uuid4(), uuid4()

    ids = {a_grant(source_id=source_id, experience_id=experience_id).id for _ in range(2)}

    assert ids == {Grant.create_id(source_id, experience_id)}


def test_the_first_withdrawal_of_a_source_stays() -> None:
    source = Source(uuid4(), [])

    source.withdraw(RevocationCause.REFUND, 5, NOON)
    source.withdraw(RevocationCause.CREATOR, 5, NOON)

    assert source.withdrawn_for is RevocationCause.REFUND
    assert [type(e) for e in source.collect_events()] == [Source.Opened, Source.Withdrawn]


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
