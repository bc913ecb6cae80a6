"""What the checkout service does when other services announce something."""

from collections.abc import Mapping
from typing import Final

from libs.events.access import PersonBanned
from libs.events.catalog import (
    PassPublished,
)
from libs.events.contract import Contract
from libs.events.envelope import Envelope
from libs.runtime.messaging.handling import Reaction
from services.checkout.application import Checkout


def on_pass_published(published: PassPublished, _: Envelope, checkout: Checkout) -> None:
    """A new version brings its stock; the view has its terms already."""
    checkout.stock.set_capacity(published.pass_id, published.version_number, published.terms.stock)


def on_person_banned(banned: PersonBanned, about: Envelope, checkout: Checkout) -> None:
    """Who paid in the moment before we heard of the ban gets the money back."""
    checkout.refunds.refund_what_a_ban_overtook(
        banned.space_id, banned.person_id, about.occurred_at
    )


SUBSCRIPTIONS: Final[Mapping[type[Contract], Reaction]] = {
    PassPublished: on_pass_published,
    PersonBanned: on_person_banned,
}
