"""What the access service does when other services announce something."""

from collections.abc import Mapping
from typing import Final

from libs.events.catalog import (
    PricingType,
)
from libs.events.checkout import (
    MAY_ENTER,
    EndCause,
    MembershipChanged,
    MembershipEnded,
    PassPurchased,
)
from libs.events.contract import Contract
from libs.events.envelope import Envelope
from libs.runtime.messaging.handling import Reaction
from services.access.application import Access, Entitlement
from services.access.domain import GrantReason, RevocationCause, Window

_REVOKED_FOR: Final[Mapping[EndCause, RevocationCause | None]] = {
    EndCause.EXPIRED: None,  # The grants expire by their own timers.
    EndCause.REFUNDED: RevocationCause.REFUND,
    EndCause.REMOVED: RevocationCause.CREATOR,
}


def on_pass_purchased(purchased: PassPurchased, about: Envelope, access: Access) -> None:
    """The buyer gets a grant for every experience of the pass."""
    is_free = purchased.pricing_type is PricingType.FREE
    access.issue_grants(
        Entitlement(
            source_id=purchased.membership_id,
            source_version=about.entity_version,
            person_id=purchased.person_id,
            space_id=purchased.space_id,
            experience_ids=purchased.experience_ids,
            reason=GrantReason.FREE if is_free else GrantReason.PURCHASE,
            valid_from=purchased.access_from,
            valid_until=purchased.access_until,
        )
    )


def on_membership_changed(changed: MembershipChanged, about: Envelope, access: Access) -> None:
    """Its grants follow the state and the window."""
    access.follow_membership(
        changed.membership_id,
        about.entity_version,
        None if changed.state in MAY_ENTER else RevocationCause.SUSPENDED,
        Window(changed.access_from, changed.access_until),
    )


def on_membership_ended(ended: MembershipEnded, about: Envelope, access: Access) -> None:
    """Its grants are revoked, unless the membership expired: then their window has closed."""
    access.follow_membership(ended.membership_id, about.entity_version, _REVOKED_FOR[ended.cause])


SUBSCRIPTIONS: Final[Mapping[type[Contract], Reaction]] = {
    PassPurchased: on_pass_purchased,
    MembershipChanged: on_membership_changed,
    MembershipEnded: on_membership_ended,
}
