"""Whether this person may buy this pass now."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.checkout.orders.sale.quote import Quote, Terms


class PassNotForSale(Exception):
    """The pass was archived."""


class NotYetOnSale(Exception):
    """The sale window has not begun."""


class SaleEnded(Exception):
    """The sale window is over, or what would be bought has expired."""


class AlreadyOwned(Exception):
    """The person has a live membership of the pass."""


class OwnSpace(Exception):
    """The team of a space does not buy its own passes."""


class Banned(Exception):
    """The space keeps the person out."""


class WaitlistOnly(Exception):
    """The pass is sold from its waitlist only."""


class RecurringNotAvailable(Exception):
    """Subscriptions are not sold yet."""


class SaleState(StrEnum):
    """Whether a person can buy a pass, or why not."""

    ON_SALE = "on_sale"
    SOLD_OUT = "sold_out"
    NOT_YET = "not_yet"
    ENDED = "ended"
    ARCHIVED = "archived"
    OWNED = "owned"
    PENDING = "pending"
    OWN_SPACE = "own_space"
    BANNED = "banned"
    WAITLIST = "waitlist"
    NOT_AVAILABLE = "not_available"


@dataclass(frozen=True, slots=True)
class Eligibility:
    """The quote, and what decides whether this person may buy it."""

    quote: Quote
    archived: bool = False
    on_team: bool = False
    banned: bool = False
    open_order_id: UUID | None = None
    owned_order_id: UUID | None = None


def sale_state(eligibility: Eligibility, at: datetime) -> SaleState:
    """Whether it can be bought then, stock apart; for the page and for the purchase."""
    if eligibility.banned:
        return SaleState.BANNED
    if eligibility.owned_order_id is not None:
        return SaleState.OWNED
    if eligibility.open_order_id is not None:
        return SaleState.PENDING
    if eligibility.on_team:
        return SaleState.OWN_SPACE
    if eligibility.archived:
        return SaleState.ARCHIVED
    return _quote_state(eligibility.quote.terms, at)


def _quote_state(terms: Terms, at: datetime) -> SaleState:
    if terms.sale_starts_at is not None and at < terms.sale_starts_at:
        return SaleState.NOT_YET
    ends = [end for end in (terms.sale_ends_at, terms.auto_expire_at) if end is not None]
    if any(end <= at for end in ends):
        return SaleState.ENDED
    if terms.pricing_type == "recurring":
        return SaleState.NOT_AVAILABLE
    return SaleState.WAITLIST if terms.waitlist else SaleState.ON_SALE


_REFUSALS: dict[SaleState, type[Exception]] = {
    SaleState.OWNED: AlreadyOwned,
    SaleState.OWN_SPACE: OwnSpace,
    SaleState.BANNED: Banned,
    SaleState.ARCHIVED: PassNotForSale,
    SaleState.NOT_YET: NotYetOnSale,
    SaleState.ENDED: SaleEnded,
    SaleState.WAITLIST: WaitlistOnly,
    SaleState.NOT_AVAILABLE: RecurringNotAvailable,
}


def refuse_unless_on_sale(eligibility: Eligibility, at: datetime) -> None:
    refusal = _REFUSALS.get(sale_state(eligibility, at))
    if refusal is not None:
        raise refusal(eligibility.quote.pass_id)
