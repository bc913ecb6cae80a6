"""What is for sale, and whether this person may buy it now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self
from uuid import UUID


class PassNotFound(Exception):
    """No pass of this id was ever published."""


class PassNotForSale(Exception):
    """The pass is sold no longer."""


class NotYetOnSale(Exception):
    """The sale window has not begun."""


class SaleEnded(Exception):
    """The sale window is over, or what would be bought has expired."""


class SoldOut(Exception):
    """No seat is left."""


class AlreadyOwned(Exception):
    """The person has bought this pass, and it still stands."""


class OwnSpace(Exception):
    """The team of a space does not buy its own passes."""


class Banned(Exception):
    """The space keeps the person out."""


class WaitlistOnly(Exception):
    """The pass goes to those who were let in from its waitlist."""


class RecurringNotAvailable(Exception):
    """Subscriptions are not sold yet."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a pass version as far as a sale depends on them; money in minor units."""

    pricing_type: str
    currency: str
    currency_exponent: int
    total_minor: int
    auto_expire_at: datetime | None
    expires_after_days: int | None
    waitlist: bool
    redirect_url: str | None
    sale_starts_at: datetime | None
    sale_ends_at: datetime | None

    @classmethod
    def of(cls, frozen: Mapping[str, Any]) -> Self:
        """Read them from the JSON that the catalog has published."""
        return cls(
            pricing_type=frozen["pricing_type"],
            currency=frozen["currency"],
            currency_exponent=frozen["currency_exponent"],
            total_minor=frozen["initial_fee_minor"] + frozen["price_minor"],
            auto_expire_at=_instant(frozen["auto_expire_at"]),
            expires_after_days=frozen["expires_after_days"],
            waitlist=frozen["waitlist"],
            redirect_url=frozen["redirect_url"],
            sale_starts_at=_instant(frozen["sale_starts_at"]),
            sale_ends_at=_instant(frozen["sale_ends_at"]),
        )

    def granted_until(self, bought_at: datetime) -> datetime | None:
        """When what was bought then expires; None is never."""
        ends = [self.auto_expire_at] if self.auto_expire_at else []
        if self.expires_after_days is not None:
            ends.append(bought_at + timedelta(days=self.expires_after_days))
        return min(ends, default=None)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


@dataclass(frozen=True, slots=True)
class Offer:
    """One pass version, as it is frozen into the order of who buys it."""

    pass_id: UUID
    version_id: UUID
    version_number: int
    space_id: UUID
    space_slug: str
    space_name: str
    pass_slug: str
    pass_name: str
    experience_ids: tuple[UUID, ...]
    frozen_terms: Mapping[str, Any]

    @property
    def terms(self) -> Terms:
        """The terms that a sale depends on."""
        return Terms.of(self.frozen_terms)

    def to_state(self) -> dict[str, Any]:
        """As it is stored in an event."""
        return {
            "pass_id": self.pass_id,
            "version_id": self.version_id,
            "version_number": self.version_number,
            "space_id": self.space_id,
            "space_slug": self.space_slug,
            "space_name": self.space_name,
            "pass_slug": self.pass_slug,
            "pass_name": self.pass_name,
            "experience_ids": list(self.experience_ids),
            "frozen_terms": dict(self.frozen_terms),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """As it was stored in an event."""
        return cls(**{**state, "experience_ids": tuple(state["experience_ids"])})


class SaleState(StrEnum):
    """How a pass stands to the person who looks at it."""

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
class Standing:
    """What is known when somebody wants to buy: the offer, and how they stand to it."""

    offer: Offer
    archived: bool = False
    on_team: bool = False
    banned: bool = False
    open_order_id: UUID | None = None
    owned_order_id: UUID | None = None


def sale_state(standing: Standing, at: datetime) -> SaleState:
    """Whether it can be bought then, stock apart. The page and the purchase judge alike."""
    if standing.banned:
        return SaleState.BANNED
    if standing.owned_order_id is not None:
        return SaleState.OWNED
    if standing.open_order_id is not None:
        return SaleState.PENDING
    if standing.on_team:
        return SaleState.OWN_SPACE
    if standing.archived:
        return SaleState.ARCHIVED
    return _offer_state(standing.offer.terms, at)


def _offer_state(terms: Terms, at: datetime) -> SaleState:
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


def refuse_unless_on_sale(standing: Standing, at: datetime) -> None:
    """Raises the refusal that says why this person can't buy this pass then."""
    refusal = _REFUSALS.get(sale_state(standing, at))
    if refusal is not None:
        raise refusal(standing.offer.pass_id)
