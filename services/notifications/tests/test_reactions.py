from uuid import uuid4

import pytest

from libs.events.checkout import RefundCause
from libs.events.identity import NewBrowserSignedIn, PersonRegistered
from libs.runtime.scheduling.schedule import MemorySchedule
from services.notifications.application import FAN_OUT_LIVE, Notifications
from services.notifications.domain import Channel, Kind, Notice, Status
from services.notifications.reactions import SUBSCRIPTIONS
from services.notifications.tests.builders import (
    NOON,
    a_live_stream,
    a_purchase,
    a_refund,
    a_return,
    a_service,
    about,
    named,
)
from services.notifications.tests.fakes import Shelf


def hear(app: Notifications, contract: object) -> object:
    """Deliver twice, as a bus may: no effect may happen twice."""
    envelope = about(contract)
    SUBSCRIPTIONS[type(contract)](contract, envelope, app)
    stored = app.recorder.max_notification_id()
    SUBSCRIPTIONS[type(contract)](contract, envelope, app)
    assert app.recorder.max_notification_id() == stored
    return envelope.id


def notice(app: Notifications, event_id: object, person: object, kind: Kind) -> Notice:
    return app.get_notice(Notice.create_id(event_id, person, kind, Channel.EMAIL))


def test_a_buyer_gets_a_receipt_and_a_welcome_in_the_app_and_by_mail() -> None:
    app, purchase = a_service(), a_purchase()

    event_id = hear(app, purchase)

    receipt = notice(app, event_id, purchase.person_id, Kind.RECEIPT)
    welcome = notice(app, event_id, purchase.person_id, Kind.WELCOME)
    assert receipt.facts == {
        "pass_name": "Season pass",
        "space_name": "The Studio",
        "order_id": str(purchase.order_id),
        "amount_minor": 1990,
        "currency": "EUR",
        "currency_exponent": 2,
        "bought_at": NOON.isoformat(),
        "access_until_at": None,
    }
    assert welcome.url == "/account/purchased_spaces/studio"
    assert (receipt.is_mandatory, welcome.is_mandatory) == (True, False)
    assert app.recorder.max_notification_id() == 6


@pytest.mark.parametrize("full", [True, False])
def test_refund_notice_names_amount_and_consequence(full: bool) -> None:
    shelf, refund = Shelf(), a_refund(full=full, amount_minor=500)
    shelf.names[refund.pass_id] = named()
    app = a_service(shelf=shelf)

    told = notice(app, hear(app, refund), refund.person_id, Kind.REFUND)

    assert (told.facts["amount_minor"], told.facts["pass_name"]) == (500, "Season pass")
    assert told.facts["full"] == ("yes" if full else "no")


def test_returned_payment_notice_names_its_cause_even_without_a_pass_name() -> None:
    app, returned = a_service(), a_return(RefundCause.SECOND_CHARGE)

    told = notice(app, hear(app, returned), returned.person_id, Kind.PAYMENT_RETURNED)

    assert (told.facts["cause"], told.facts["pass_name"]) == ("second_charge", "")


def test_a_new_person_gets_a_first_hello_in_the_app_alone() -> None:
    schedule = MemorySchedule()
    app, registered = a_service(schedule=schedule), PersonRegistered(person_id=uuid4())

    event_id = hear(app, registered)

    key = (event_id, registered.person_id, Kind.ACCOUNT_OPENED, Channel.IN_APP)
    assert app.get_notice(Notice.create_id(*key)).channel is Channel.IN_APP
    assert schedule.entries == []


def test_a_person_is_told_of_a_new_browser_in_the_app_and_by_a_mail_that_always_comes() -> None:
    app = a_service()
    signed_in = NewBrowserSignedIn(session_id=uuid4(), person_id=uuid4())

    told = notice(app, hear(app, signed_in), signed_in.person_id, Kind.NEW_SIGN_IN)

    assert (told.url, told.facts) == ("/account#sessions", {"signed_in_at": NOON.isoformat()})
    assert told.is_mandatory
    in_app = Notice.create_id(
        told.about_event_id, signed_in.person_id, Kind.NEW_SIGN_IN, Channel.IN_APP
    )
    assert app.get_notice(in_app).status is Status.DELIVERED


def test_live_stream_is_scheduled_for_notices() -> None:
    schedule = MemorySchedule()
    app, live = a_service(schedule=schedule), a_live_stream()

    event_id = hear(app, live)

    (entry,) = schedule.entries
    assert (entry.kind, entry.payload["about_event_id"]) == (FAN_OUT_LIVE, str(event_id))
    assert entry.payload["experience_id"] == str(live.experience_id)
