from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.identity.application import MAIL_SIGN_IN_CODE, PUT_CONTACT, SWEEP
from services.identity.domain import (
    InvalidAddress,
    InvalidDisplayName,
    Limits,
    PersonNotFound,
    SessionNotFound,
    TooManyCodes,
)
from services.identity.tests.builders import ADA, HASHING, House, wrong

REGISTERED, STARTED, NEW_BROWSER, ENDED = (
    "identity.person.registered",
    "identity.session.started",
    "identity.session.found_in_new_browser",
    "identity.session.ended",
)


def test_first_sign_in_registers_a_person_and_fills_the_bucket() -> None:
    house = House()

    person_id, _ = house.sign_in()

    assert house.stored() == [REGISTERED, STARTED]
    assert house.tables.people.rows[person_id].address == ADA
    assert [e.payload for e in house.schedule.entries if e.kind == PUT_CONTACT] == [
        {"person_id": str(person_id)}
    ]


def test_the_second_sign_in_is_the_same_person_in_another_session() -> None:
    house = House()

    first = house.sign_in()
    second = house.sign_in(" Ada@EXAMPLE.org")

    assert first[0] == second[0]
    assert first[1] != second[1]
    assert house.stored() == [REGISTERED, STARTED, STARTED]


def test_a_new_browser_is_noted_once_and_the_one_that_opened_the_account_never() -> None:
    house = House()

    for browser in ("laptop", "phone", "phone", "laptop"):
        house.sign_in(browser=browser)

    assert house.stored() == [REGISTERED, STARTED, STARTED, NEW_BROWSER, STARTED, STARTED]


def test_known_and_unknown_addresses_are_asked_for_codes_in_the_same_way() -> None:
    house = House()
    house.sign_in()
    kinds_before = len(house.schedule.entries)

    house.ask(ADA)
    house.ask("new@example.org")

    asked = house.schedule.entries[kinds_before:]
    assert [(e.kind, set(e.payload)) for e in asked] == [(MAIL_SIGN_IN_CODE, {"request_id"})] * 2


def test_neither_the_schedule_nor_the_rows_nor_the_events_hold_a_code_or_an_address() -> None:
    house = House()
    code = house.ask()
    outcome = house.guess(code)

    kept = [str(entry) for entry in house.schedule.entries]
    events = [bytes(notification.state).decode() for notification in house.log()]
    hashes = [row.code_hash.hex() for row in house.tables.codes.rows]
    for text in [*kept, *events, *hashes, *outcome.values()]:
        assert code not in text
        assert ADA not in text


def test_a_wrong_code_is_counted_and_the_fifth_burns_the_code() -> None:
    house = House()
    code = house.ask()

    verdicts = [house.guess(wrong(code))["verdict"] for _ in range(5)]
    then_right = house.guess(code)["verdict"]

    assert verdicts == ["wrong_code"] * 4 + ["code_burned"]
    assert then_right == "code_burned"
    assert house.stored() == []


def test_a_code_is_used_once() -> None:
    house = House()
    code = house.ask()
    house.guess(code)

    again = house.guess(code)

    assert again == {"verdict": "code_expired"}
    assert house.stored().count(STARTED) == 1


def test_only_the_newest_code_counts() -> None:
    house = House()
    older, newer = house.ask(), house.ask()

    assert house.guess(older)["verdict"] == "wrong_code"
    assert house.guess(newer)["verdict"] == "right"


def test_another_browser_is_refused_and_burns_nothing() -> None:
    house = House()
    code = house.ask(browser="hers")

    from_elsewhere = [house.guess(code, browser="his")["verdict"] for _ in range(30)]

    assert set(from_elsewhere) == {"wrong_code"}
    assert house.guess(code, browser="hers")["verdict"] == "right"


def test_a_code_is_dead_after_ten_minutes() -> None:
    house = House()
    code = house.ask()
    house.clock.advance(timedelta(minutes=10))

    assert house.guess(code)["verdict"] == "code_expired"


def test_a_guess_without_any_code_is_as_wrong_as_any() -> None:
    assert House().guess("123456") == {"verdict": "wrong_code"}


def test_twenty_failures_of_a_browser_survive_new_codes_and_close_it_for_an_hour() -> None:
    house = House()
    for _ in range(4):
        code = house.ask()
        for _ in range(5):
            house.guess(wrong(code))

    assert house.guess(house.ask())["verdict"] == "too_many_tries"

    house.clock.advance(timedelta(minutes=61))
    assert house.guess(house.ask())["verdict"] == "right"


def test_a_code_of_another_browser_leaves_the_pending_one_valid() -> None:
    house = House()
    code = house.ask(browser="hers")

    for n in range(4):
        house.guess(wrong(house.ask(browser=f"attacker {n}")), browser=f"attacker {n}")

    assert house.guess(code, browser="hers")["verdict"] == "right"


def test_a_flooded_address_still_lets_a_browser_in_that_has_signed_in_before() -> None:
    house = House()
    house.sign_in(browser="hers")
    flood(house, networks=40)

    code = house.ask(browser="hers")

    assert house.guess(code, browser="hers")["verdict"] == "right"


def test_a_flooded_network_and_total_do_not_hold_up_a_known_browser() -> None:
    house = House(Limits(sends_per_network=3, sends_in_total=4))
    house.sign_in(browser="hers")
    for n in range(2):
        house.ask(f"p{n}@example.org", browser=f"attacker {n}")
    with pytest.raises(TooManyCodes):
        house.ask("control@example.org", browser="new")

    code = house.ask(browser="hers")

    assert house.guess(code, browser="hers")["verdict"] == "right"


def test_a_flooded_address_makes_new_browsers_wait_minutes_instead_of_an_hour() -> None:
    house = House()
    waits = flood(house, networks=12)

    assert waits[:5] == [0] * 5
    assert waits[5:] == [1, 2, 4, 8, 15, 15, 15]


def test_twenty_spellings_of_one_inbox_get_five_codes_before_they_wait() -> None:
    house = House()
    mailed = 0
    for n in range(20):
        try:
            house.ask(f"a.da+{n}@gmail.com", browser=f"b{n}", network=f"192.0.2.{n}")
            mailed += 1
        except TooManyCodes:
            pass

    assert mailed == 5


def flood(house: House, networks: int) -> list[int]:
    """Request codes from new browsers in as many networks; returns the minutes that each had to
    wait."""
    waits = []
    for n in range(networks):
        browser, network = f"attacker {n}", f"198.51.100.{n}"
        try:
            house.ask(browser=browser, network=network)
            waits.append(0)
        except TooManyCodes as refused:
            house.clock.advance(refused.retry_after)
            house.ask(browser=browser, network=network)
            waits.append(round(refused.retry_after / timedelta(minutes=1)))
    return waits


def test_a_sixth_code_within_an_hour_is_refused_and_says_when_to_come_back() -> None:
    house = House()
    for _ in range(5):
        house.ask()
        house.clock.advance(timedelta(minutes=1))

    with pytest.raises(TooManyCodes) as refused:
        house.ask()

    assert refused.value.retry_after == timedelta(minutes=55)
    assert len(house.mailed_codes()) == 5
    house.clock.advance(refused.value.retry_after)
    house.ask()


def test_a_network_and_everyone_together_have_their_limits() -> None:
    house = House(Limits(sends_per_network=3, sends_in_total=5))
    for n in range(3):
        house.ask(f"p{n}@example.org", browser=f"b{n}", network="192.0.2.1")

    with pytest.raises(TooManyCodes):
        house.ask("q@example.org", browser="q", network="192.0.2.1")
    house.ask("r@example.org", browser="r", network="192.0.2.2")
    house.ask("s@example.org", browser="s", network="192.0.2.3")
    with pytest.raises(TooManyCodes):
        house.ask("t@example.org", browser="t", network="192.0.2.4")


def test_malformed_address_is_refused() -> None:
    house = House()

    with pytest.raises(InvalidAddress):
        house.ask("ada")

    assert house.schedule.entries == []


def test_repeated_mail_of_a_request_has_the_same_code() -> None:
    request_id = uuid4()

    assert HASHING.code_of(request_id) == HASHING.code_of(request_id)
    assert len(HASHING.code_of(request_id)) == 6


def test_codes_are_spread_over_all_digits() -> None:
    codes = {HASHING.code_of(UUID(int=n)) for n in range(2_000)}

    assert len(codes) > 1_980
    assert {code[0] for code in codes} == set("0123456789")


def test_a_token_depends_on_the_browser_and_the_command() -> None:
    command_id = uuid4()
    tokens = {
        HASHING.session_token(command_id, "one"),
        HASHING.session_token(command_id, "other"),
        HASHING.session_token(uuid4(), "one"),
    }

    assert len(tokens) == 3
    assert all(len(bytes.fromhex(token)) == 32 for token in tokens)


def test_one_session_is_ended_and_the_others_go_on() -> None:
    house = House()
    person_id, first = house.sign_in()
    _, second = house.sign_in(browser="phone")

    house.identity.end_session(person_id, first)

    assert list(house.tables.sessions.rows) == [second]
    assert house.stored()[-1] == ENDED
    with pytest.raises(SessionNotFound):
        house.identity.end_session(person_id, first)


def test_a_stranger_cannot_end_my_session() -> None:
    house = House()
    _, mine = house.sign_in()
    stranger, _ = house.sign_in("eve@example.org")

    with pytest.raises(SessionNotFound):
        house.identity.end_session(stranger, mine)

    assert mine in house.tables.sessions.rows


def test_all_sessions_are_ended_at_once() -> None:
    house = House()
    person_id, _ = house.sign_in()
    house.sign_in(browser="phone")
    house.sign_in("eve@example.org")

    house.identity.end_all_sessions(person_id)

    assert [row.person_id == person_id for row in house.tables.sessions.rows.values()] == [False]
    assert house.stored().count(ENDED) == 2


def test_the_sweep_erases_old_codes_ends_forgotten_sessions_and_comes_back() -> None:
    house = House()
    house.sign_in()
    house.clock.advance(timedelta(days=31))
    _, recent = house.sign_in("eve@example.org")

    house.identity.sweep()

    assert list(house.tables.sessions.rows) == [recent]
    assert {row.address for row in house.tables.codes.rows} == {"eve@example.org"}
    sweeps = [entry for entry in house.schedule.entries if entry.kind == SWEEP]
    assert [entry.due_at for entry in sweeps] == [house.clock.now() + timedelta(minutes=15)]


def test_a_used_session_is_not_forgotten() -> None:
    house = House()
    _, session_id = house.sign_in()
    house.clock.advance(timedelta(days=29))
    house.identity.note_seen(session_id)
    house.clock.advance(timedelta(days=29))

    house.identity.sweep()

    assert session_id in house.tables.sessions.rows


def test_another_name_is_written_to_the_bucket_and_to_no_event() -> None:
    house = House()
    person_id, _ = house.sign_in()
    before = house.stored()

    house.identity.change_profile(person_id, " Ada  L. ", None)

    row = house.tables.people.rows[person_id]
    assert (row.display_name, row.locale) == ("Ada L.", "en")
    assert house.stored() == before
    assert house.schedule.entries[-1].kind == PUT_CONTACT


def test_a_name_of_two_lines_or_a_stranger_is_refused() -> None:
    house = House()
    person_id, _ = house.sign_in()

    with pytest.raises(InvalidDisplayName):
        house.identity.change_profile(person_id, "x" * 81, None)
    with pytest.raises(PersonNotFound):
        house.identity.change_profile(uuid4(), "Eve", None)
