from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from services.identity.domain import (
    InvalidAddress,
    InvalidDisplayName,
    OpenSession,
    Session,
    SessionNotFound,
    SignInCode,
    Verdict,
    inbox_of,
    network_of,
    normalise_address,
    normalise_display_name,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "typed",
    [
        "ada@example.org",
        " Ada@Example.ORG ",
        "\uff21\uff24\uff21@example.org",
        "ada\uff20example.org",
    ],
)
def test_every_way_to_write_an_address_is_one_address(typed: str) -> None:
    assert normalise_address(typed) == "ada@example.org"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ada",
        "@example.org",
        "ada@",
        "ada@localhost",
        "a b@example.org",
        "ada@example..org",
        "ada..b@example.org",
        "ada@exa mple.org",
        "ada@-example.org",
        "ada@example.org\nBcc: eve@example.org",
        "ada@example.org, eve@example.org",
        "<ada@example.org>",
        "a@b@example.org",
        "a" * 250 + "@example.org",
    ],
)
def test_text_that_is_not_one_address_is_refused(typed: str) -> None:
    with pytest.raises(InvalidAddress):
        normalise_address(typed)


def test_a_display_name_is_one_line() -> None:
    assert normalise_display_name("  Ada \t Lovelace ") == "Ada Lovelace"
    with pytest.raises(InvalidDisplayName):
        normalise_display_name("a" * 81)
    with pytest.raises(InvalidDisplayName):
        normalise_display_name("Ada\x07")


def test_one_site_of_ipv6_counts_as_one_network() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff") == "2001:db8::/64"
    assert network_of("192.0.2.7") == "192.0.2.7"
    assert network_of("nonsense") == "unknown"


@pytest.mark.parametrize(
    "spelling",
    [
        "ada.lovelace@gmail.com",
        "adalovelace@gmail.com",
        "a.d.a.lovelace@googlemail.com",
        "adalovelace+1@gmail.com",
        "adalovelace+shop+2@googlemail.com",
    ],
)
def test_spellings_of_one_inbox_count_as_one(spelling: str) -> None:
    assert inbox_of(normalise_address(spelling)) == "adalovelace@gmail.com"


def test_other_providers_tell_dots_apart_but_not_tags() -> None:
    assert inbox_of("a.d.a+news@example.org") == "a.d.a@example.org"
    assert inbox_of("+@example.org") == "+@example.org"
    assert inbox_of("ada@b\u00fccher.example") == inbox_of("ada@xn--bcher-kva.example")


@pytest.mark.parametrize(
    "typed",
    [
        "=?utf-8?q?ada?=@example.org",
        "ada=?utf-8?b?QQ==?=@example.org",
        "ada\x85@example.org",
        "ada\u200b@example.org",
        "ada\u202e@example.org",
        "ada@example.org\n",
        "ada@exam\x00ple.org",
    ],
)
def test_addresses_that_mails_can_not_bear_are_refused_where_they_are_typed(typed: str) -> None:
    with pytest.raises(InvalidAddress):
        normalise_address(typed)


def a_code(**changes: object) -> SignInCode:
    given: dict[str, object] = {
        "request_id": uuid4(),
        "asked_at": NOON,
        "failures": 0,
        "used": False,
    }
    return SignInCode(**(given | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "minutes", "same_code", "verdict"),
    [
        (a_code(), 0, True, Verdict.RIGHT),
        (a_code(), 9.99, True, Verdict.RIGHT),
        (a_code(), 10, True, Verdict.EXPIRED),
        (a_code(used=True), 1, True, Verdict.EXPIRED),
        (a_code(), 1, False, Verdict.WRONG),
        (a_code(failures=4), 1, True, Verdict.RIGHT),
        (a_code(failures=4), 1, False, Verdict.BURNED),
        (a_code(failures=5), 1, True, Verdict.BURNED),
    ],
)
def test_a_guess_is_worth(
    code: SignInCode, minutes: float, same_code: bool, verdict: Verdict
) -> None:
    at = NOON + timedelta(minutes=minutes)

    judged = code.judge(at, same_code=same_code)

    assert judged is verdict


def test_an_ended_session_cannot_be_ended_again() -> None:
    session = Session(uuid4(), uuid4(), NOON)
    session.end(NOON)

    with pytest.raises(SessionNotFound):
        session.end(NOON)

    events = [type(event) for event in session.collect_events()]
    assert events == [Session.Started, Session.Ended]


@pytest.mark.parametrize(
    ("days_since_start", "days_since_seen", "valid"),
    [(0, 0, True), (29, 29, True), (30, 30, False), (89, 1, True), (90, 1, False)],
)
def test_a_session_ends_when_idle_for_30_days_or_90_days_old(
    days_since_start: int, days_since_seen: int, valid: bool
) -> None:
    session = OpenSession(
        uuid4(),
        uuid4(),
        started_at=NOON - timedelta(days=days_since_start),
        last_seen_at=NOON - timedelta(days=days_since_seen),
    )

    assert session.is_valid(NOON) is valid


def test_a_session_is_fresh_for_a_quarter_of_an_hour() -> None:
    session = OpenSession(uuid4(), uuid4(), NOON, NOON)

    assert session.fresh_until == NOON + timedelta(minutes=15)
