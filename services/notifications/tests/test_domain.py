from uuid import uuid4

import pytest

from services.notifications.domain import (
    CHANNELS_OF,
    MANDATORY,
    Channel,
    DropReason,
    Kind,
    Notice,
    Status,
)
from services.notifications.tests.builders import MINUTE, NOON


def a_notice(kind: Kind = Kind.RECEIPT, not_after: object = None) -> Notice:
    return Notice(
        about_event_id=uuid4(),
        person_id=uuid4(),
        kind=str(kind),
        channel="email",
        space_id=None,
        facts={},
        url="/account",
        not_after=not_after,
        at=NOON,
    )


@pytest.mark.parametrize(
    ("first", "status"), [("deliver", "delivered"), ("drop", "dropped"), ("fail", "failed")]
)
def test_first_outcome_of_a_notice_is_final(first: str, status: str) -> None:
    notice = a_notice()
    outcomes = {
        "deliver": lambda: notice.deliver(NOON),
        "drop": lambda: notice.drop(DropReason.TOO_LATE, NOON),
        "fail": lambda: notice.fail(550, NOON),
    }

    outcomes[first]()
    for outcome in outcomes.values():
        outcome()

    assert notice.status is Status(status)
    assert len(notice.collect_events()) == 2


def test_the_key_is_event_person_kind_and_channel() -> None:
    event_id, person_id = uuid4(), uuid4()
    keys = [
        (event_id, person_id, "receipt", "email"),
        (uuid4(), person_id, "receipt", "email"),
        (event_id, uuid4(), "receipt", "email"),
        (event_id, person_id, "welcome", "email"),
        (event_id, person_id, "receipt", "in_app"),
    ]

    ids = [Notice.create_id(*key) for key in keys]

    assert len(set(ids)) == len(keys)
    assert Notice.create_id(*keys[0]) == ids[0]


def test_a_notice_is_too_late_only_after_its_last_instant() -> None:
    notice = a_notice(Kind.LIVE_NOW, not_after=NOON + 10 * MINUTE)

    late = [notice.is_too_late(NOON + n * MINUTE) for n in (0, 10, 11)]

    assert late == [False, False, True]


def test_a_notice_is_read_once() -> None:
    notice = a_notice()

    notice.mark_read(NOON)
    notice.mark_read(NOON + MINUTE)

    assert notice.read_at == NOON


def test_mails_about_money_are_mandatory_and_what_creators_send_is_not() -> None:
    mandatory = {kind for kind in Kind if a_notice(kind).is_mandatory}

    assert mandatory == MANDATORY
    assert {Kind.RECEIPT, Kind.REFUND, Kind.PAYMENT_RETURNED} <= mandatory
    assert mandatory.isdisjoint({Kind.WELCOME, Kind.LIVE_NOW})


def test_every_notice_appears_in_the_app() -> None:
    assert set(CHANNELS_OF) == set(Kind)
    assert all(Channel.IN_APP in channels for channels in CHANNELS_OF.values())
