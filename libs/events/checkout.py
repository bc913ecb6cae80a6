"""Public events of the checkout service: orders, money and seats."""

from enum import StrEnum
from typing import ClassVar, Final
from uuid import UUID

from pydantic import AwareDatetime

from libs.events.catalog import PricingType
from libs.events.contract import Contract


class RefundCause(StrEnum):
    """Why money was refunded."""

    CREATOR = "creator"
    PROVIDER = "provider"
    SOLD_OUT = "sold_out"
    SECOND_CHARGE = "second_charge"
    TOO_LATE = "too_late"
    BANNED = "banned"


class MembershipState(StrEnum):
    """The state of a membership."""

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
    """A person opened an order for a pass version; a seat is held until `held_until`."""

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
    """An unpaid order expired, and its seat returned to sale."""

    type: ClassVar[str] = "checkout.order_expired.v1"
    order_id: UUID
    person_id: UUID
    space_id: UUID
    pass_id: UUID


class PaymentFailed(Contract):
    """A charge was declined; the order stays open for another card. `code` is the provider's."""

    type: ClassVar[str] = "checkout.payment_failed.v1"
    order_id: UUID
    person_id: UUID
    space_id: UUID
    pass_id: UUID
    code: str


class PassPurchased(Contract):
    """A settled order, paid or free, started a membership of the pass.

    It is the first event of its membership. The person may enter the experiences from `access_from`
    until `access_until` (None: for ever). It carries everything that other services need, frozen at
    the purchase; the names are those of that moment.
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
    """A membership changed its state or its end of access.

    The `entity_version` of the envelope orders the events of a membership: the latest wins,
    whichever arrives first. The person may enter in the states of `MAY_ENTER`, from `access_from`
    until `access_until` (None: for ever).
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
    """A membership ended: it opens none of its experiences, unless a later event restores it.

    Ordered as `MembershipChanged`. Only a refund that the bank rejects restores a membership.
    """

    type: ClassVar[str] = "checkout.membership_ended.v1"
    membership_id: UUID
    person_id: UUID
    space_id: UUID
    pass_id: UUID
    experience_ids: tuple[UUID, ...]
    cause: EndCause


class PurchaseRefunded(Contract):
    """Money of a purchase was refunded; `full` means that the creator keeps nothing of it."""

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
    """The bank rejected a refund that we had already announced: the creator still has the money.

    `stands_again` means that the purchase had been refunded in full and is restored.
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
    """A payment that bought nothing was refunded in full.

    No seat was left, the pass had ended, it was a second charge, or the person is banned. Published
    once more if the bank rejected the refund.
    """

    type: ClassVar[str] = "checkout.payment_returned.v1"
    order_id: UUID
    person_id: UUID
    space_id: UUID
    pass_id: UUID
    amount_minor: int
    currency: str
    currency_exponent: int
    cause: RefundCause
