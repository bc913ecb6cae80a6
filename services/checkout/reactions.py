"""What the checkout service does when other services announce something."""

from collections.abc import Mapping
from typing import Final

from libs.events.access import GrantRevoked, PersonBanned
from libs.events.catalog import (
    PassPublished,
)
from libs.events.contract import Contract
from libs.events.envelope import Envelope
from libs.runtime.messaging.handling import Reaction
from services.checkout.application import Checkout

_BY_TEAM: Final = frozenset({"creator", "abuse", "mistake"})
"""Causes for which a team revokes a grant; a refund and a lost order are none of them."""


def on_pass_published(published: PassPublished, _: Envelope, checkout: Checkout) -> None:
    """A new version brings its stock; the view has its terms already."""
    checkout.stock.set_capacity(published.pass_id, published.version_number, published.terms.stock)


def on_person_banned(banned: PersonBanned, about: Envelope, checkout: Checkout) -> None:
    """Refund what was paid between the ban and our hearing of it."""
    checkout.refunds.refund_what_a_ban_overtook(
        banned.space_id, banned.person_id, about.occurred_at
    )


def on_grant_revoked(revoked: GrantRevoked, _: Envelope, checkout: Checkout) -> None:
    """With the last experience that the team takes away, the membership ends."""
    if revoked.cause in _BY_TEAM:
        checkout.memberships.remove_experience(revoked.source_id, revoked.experience_id)


SUBSCRIPTIONS: Final[Mapping[type[Contract], Reaction]] = {
    PassPublished: on_pass_published,
    PersonBanned: on_person_banned,
    GrantRevoked: on_grant_revoked,
}
