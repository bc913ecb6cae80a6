"""The notifications service's reactions to events of other services."""

from collections.abc import Mapping
from typing import Final

from libs.events.checkout import PassPurchased, PaymentReturned, PurchaseRefunded
from libs.events.contract import Contract
from libs.events.envelope import Envelope
from libs.events.identity import NewBrowserSignedIn, PersonRegistered
from libs.events.streaming import StreamWentLive
from libs.runtime.messaging.handling import Reaction
from services.notifications import news
from services.notifications.application import Live, Notifications


def on_pass_purchased(purchased: PassPurchased, about: Envelope, app: Notifications) -> None:
    """Send the buyer a receipt and a welcome."""
    told = news.receipt_of(purchased, about), news.welcome_of(purchased, about)
    app.tell([purchased.person_id], *told)


def on_purchase_refunded(refunded: PurchaseRefunded, about: Envelope, app: Notifications) -> None:
    """Tell the buyer how much is refunded."""
    names = app.catalogue.names_of(refunded.pass_id)
    app.tell([refunded.person_id], news.refund_of(refunded, about, names))


def on_payment_returned(returned: PaymentReturned, about: Envelope, app: Notifications) -> None:
    """Tell the buyer that a payment without a purchase was refunded, and why."""
    names = app.catalogue.names_of(returned.pass_id)
    app.tell([returned.person_id], news.return_of(returned, about, names))


def on_stream_went_live(live: StreamWentLive, about: Envelope, app: Notifications) -> None:
    """Notify everyone with an active grant for the experience, page by page."""
    app.announce_live(Live(about.id, live.experience_id, live.space_id, live.started_at))


def on_person_registered(registered: PersonRegistered, about: Envelope, app: Notifications) -> None:
    """Say a first hello in the app."""
    app.tell([registered.person_id], news.account_of(about.id))


def on_new_browser_signed_in(
    signed_in: NewBrowserSignedIn, about: Envelope, app: Notifications
) -> None:
    """Notify the person, so that they notice a stranger in their account."""
    app.tell([signed_in.person_id], news.new_sign_in_of(about))


SUBSCRIPTIONS: Final[Mapping[type[Contract], Reaction]] = {
    PassPurchased: on_pass_purchased,
    PurchaseRefunded: on_purchase_refunded,
    PaymentReturned: on_payment_returned,
    StreamWentLive: on_stream_went_live,
    PersonRegistered: on_person_registered,
    NewBrowserSignedIn: on_new_browser_signed_in,
}
