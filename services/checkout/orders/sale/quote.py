"""What was offered to the buyer, frozen when the order was opened."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a pass version that matter to a sale; money in minor units."""

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
        """Read them from the JSON that the catalog published."""
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

    def access_until(self, bought_at: datetime) -> datetime | None:
        """The end of access when bought then; None: for ever."""
        ends = [self.auto_expire_at] if self.auto_expire_at else []
        if self.expires_after_days is not None:
            ends.append(bought_at + timedelta(days=self.expires_after_days))
        return min(ends, default=None)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


@dataclass(frozen=True, slots=True)
class Quote:
    """One pass version, frozen into an order."""

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
        return cls(**{**state, "experience_ids": tuple(state["experience_ids"])})
