"""What the access service does when other services announce something."""

from collections.abc import Mapping
from typing import Final

from libs.events.catalog import (
    ExperienceAdded,
    PricingType,
    SpaceCreated,
    TeamMemberAdded,
    TeamMemberRemoved,
)
from libs.events.checkout import PassPurchased, PurchaseRefunded, RefundFailed
from libs.events.contract import Contract
from libs.events.envelope import Envelope
from libs.runtime.messaging.consumer import Reaction, only_views
from services.access.application import Access, Entitlement
from services.access.domain import GrantReason, RevocationCause


def on_pass_purchased(purchased: PassPurchased, about: Envelope, access: Access) -> None:
    """A settled order opens every experience of its pass, be it one that was thought lost."""
    is_free = purchased.pricing_type is PricingType.FREE
    access.issue_grants(
        Entitlement(
            source_id=purchased.order_id,
            person_id=purchased.person_id,
            space_id=purchased.space_id,
            experience_ids=purchased.experience_ids,
            reason=GrantReason.FREE if is_free else GrantReason.PURCHASE,
            valid_from=purchased.access_from,
            valid_until=purchased.access_until,
        )
    )
    access.find_source_again(purchased.order_id, about.entity_version)


def on_purchase_refunded(refunded: PurchaseRefunded, about: Envelope, access: Access) -> None:
    """All of the money went back, so nothing rests on the order; a part of it changes nothing."""
    if refunded.full:
        version = about.entity_version
        access.withdraw_source(refunded.order_id, RevocationCause.REFUND, version)


def on_refund_failed(failed: RefundFailed, about: Envelope, access: Access) -> None:
    """The money stayed with the creator, so what rested on the order is given again."""
    if failed.stands_again:
        access.restore_source(failed.order_id, about.entity_version)


SUBSCRIPTIONS: Final[Mapping[type[Contract], Reaction]] = {
    PassPurchased: on_pass_purchased,
    PurchaseRefunded: on_purchase_refunded,
    RefundFailed: on_refund_failed,
    SpaceCreated: only_views,
    TeamMemberAdded: only_views,
    TeamMemberRemoved: only_views,
    ExperienceAdded: only_views,
}
