"""Public events of the checkout service: orders, money and seats."""

from enum import StrEnum
from typing import ClassVar, Final
from uuid import UUID

from pydantic import AwareDatetime

from libs.events.catalog import PricingType
from libs.events.contract import Contract


class RefundCause(StrEnum):
    """Why money went back."""

    CREATOR = "creator"
    PROVIDER = "provider"
    SOLD_OUT = "sold_out"
    SECOND_CHARGE = "second_charge"
    TOO_LATE = "too_late"
    BANNED = "banned"


class MembershipState(StrEnum):
    """What a person has of a pass."""

    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    CANCELLING = "cancelling"
    SUSPENDED = "suspended"
    ENDED = "ended"
    REFUNDED = "refunded"


MAY_ENTER: Final = frozenset(
    {
        MembershipState.TRIALING,
        MembershipState.ACTIVE,
        MembershipState.PAST_DUE,
        MembershipState.CANCELLING,
    }
)
"""The states in which a membership opens its experiences, until its `access_until`."""


class EndCause(StrEnum):
    """Why a membership ended."""

    EXPIRED = "expired"
    REFUNDED = "refunded"
    REMOVED = "removed"


class OrderOpened(Contract):
    """A person tries to buy a pass under the terms of one version; a seat is held until then."""

    type: ClassVar[str] = "checkout.order_opened.v1"
    order_id: UUID
    person_id: UUID
    space_id: UUID
    pass_id: UUID
    pass_version_id: UUID
    total_minor: int
    currency: str
    held_until: AwareDatetime


class OrderExpired(Contract):
    """The seat of an unpaid order went back on sale."""

    type: ClassVar[str] = "checkout.order_expired.v1"
    order_id: UUID
    person_id: UUID
    space_id: UUID
    pass_id: UUID


class PaymentFailed(Contract):
    """A charge was refused; the order stays open for another card. `code` is the provider's."""

    type: ClassVar[str] = "checkout.payment_failed.v1"
    order_id: UUID
    person_id: UUID
    space_id: UUID
    pass_id: UUID
    code: str


class PassPurchased(Contract):
    """A settled order, paid or free, started a membership of the pass.

    It is the first event of its membership. The person may enter the experiences from `access_from`
    until `access_until` (None: for ever). Everything that the others need to act is here, frozen as
    it was bought; the names are those of the moment of purchase.
    """

    type: ClassVar[str] = "checkout.pass_purchased.v1"
    membership_id: UUID
    order_id: UUID
    person_id: UUID
    space_id: UUID
    pass_id: UUID
    pass_version_id: UUID
    experience_ids: tuple[UUID, ...]
    pricing_type: PricingType
    total_minor: int
    currency: str
    currency_exponent: int
    access_from: AwareDatetime
    access_until: AwareDatetime | None
    space_slug: str
    space_name: str
    pass_slug: str
    pass_name: str
    redirect_url: str | None = None


class MembershipChanged(Contract):
    """A membership has another state, or another end of access, than before.

    The events of a membership are ordered by the `entity_version` of their envelope: the latest
    holds, whichever arrives first. The person may enter in the states of `MAY_ENTER`, from
    `access_from` until `access_until` (None: for ever).
    """

    type: ClassVar[str] = "checkout.membership_changed.v1"
    membership_id: UUID
    person_id: UUID
    space_id: UUID
    pass_id: UUID
    experience_ids: tuple[UUID, ...]
    state: MembershipState
    access_from: AwareDatetime
    access_until: AwareDatetime | None


class MembershipEnded(Contract):
    """A membership is over: it opens none of its experiences, unless a later event restores it.

    Ordered as `MembershipChanged`. Only a refund that fails at the bank restores a membership.
    """

    type: ClassVar[str] = "checkout.membership_ended.v1"
    membership_id: UUID
    person_id: UUID
    space_id: UUID
    pass_id: UUID
    experience_ids: tuple[UUID, ...]
    cause: EndCause


class PurchaseRefunded(Contract):
    """Money of a purchase went back; `full` says that nothing of it is left with the creator."""

    type: ClassVar[str] = "checkout.purchase_refunded.v1"
    order_id: UUID
    person_id: UUID
    space_id: UUID
    pass_id: UUID
    amount_minor: int
    currency: str
    currency_exponent: int
    full: bool
    cause: RefundCause


class RefundFailed(Contract):
    """The buyer's bank did not take a refund that had been told: the creator has the money still.

    `stands_again` says that the purchase had been refunded in full and is theirs again.
    """

    type: ClassVar[str] = "checkout.refund_failed.v1"
    order_id: UUID
    person_id: UUID
    space_id: UUID
    pass_id: UUID
    amount_minor: int
    currency: str
    currency_exponent: int
    stands_again: bool


class PaymentReturned(Contract):
    """A charge that bought nothing went back in full: no seat was left, the pass was over, it was a
    second one, or a ban keeps the person out. Sent once more if the bank rejected the return."""

    type: ClassVar[str] = "checkout.payment_returned.v1"
    order_id: UUID
    person_id: UUID
    space_id: UUID
    pass_id: UUID
    amount_minor: int
    currency: str
    currency_exponent: int
    cause: RefundCause
