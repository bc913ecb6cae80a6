"""The terms of a pass: what a buyer agrees to."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self

from libs.money import exponent_of


class PricingType(StrEnum):
    """How a pass is paid for."""

    FREE = "free"
    ONE_TIME = "one_time"
    RECURRING = "recurring"


class BillingPeriod(StrEnum):
    """How long one payment lasts; anything but for ever requires a recurring pass."""

    MONTHLY = "monthly"
    YEARLY = "yearly"
    LIFETIME = "lifetime"


class StockMode(StrEnum):
    """Whether the place of an ended membership returns to sale (seats) or does not (editions)."""

    SEATS = "seats"
    EDITIONS = "editions"


class QuestionKind(StrEnum):
    """How a waitlist question is answered."""

    TEXT = "text"
    CHOICE = "choice"
    CHECKBOX = "checkbox"
    URL = "url"


@dataclass(frozen=True, slots=True)
class Question:
    """One question to applicants; only a choice has choices."""

    label: str
    kind: QuestionKind
    required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """All terms of one pass version. Money in minor units of `currency`.

    `stock` None means unlimited. `stock_mode` None means the default of the pricing type.
    `currency` "" means the space's. `currency_exponent` None means the currency's.
    """

    pricing_type: PricingType
    currency: str = ""
    currency_exponent: int | None = None
    price_minor: int = 0
    initial_fee_minor: int = 0
    billing_period: BillingPeriod = BillingPeriod.LIFETIME
    trial_days: int = 0
    stock: int | None = None
    stock_mode: StockMode | None = None
    auto_expire_at: datetime | None = None
    expires_after_days: int | None = None
    waitlist: bool = False
    waitlist_questions: tuple[Question, ...] = ()
    redirect_url: str | None = None
    cancellation_discount_percent: int = 0
    split_payments: bool = False
    max_split_payments: int = 1
    sale_starts_at: datetime | None = None
    sale_ends_at: datetime | None = None
    refund_policy: str = ""

    def settled_in(self, currency: str) -> Self:
        """Return the terms with defaults filled in: this currency; seats if recurring, else
        editions."""
        recurring = self.pricing_type is PricingType.RECURRING
        usual = StockMode.SEATS if recurring else StockMode.EDITIONS
        return replace(
            self, currency=self.currency or currency, stock_mode=self.stock_mode or usual
        )

    def to_stored(self) -> dict[str, Any]:
        """Return the terms as events and views store them: plain JSON, the exponent filled in."""
        plain = {name: _plain(value) for name, value in asdict(self).items()}
        return plain | {"currency_exponent": exponent_of(self.currency)}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `to_stored` wrote."""
        return cls(**{name: _read(name, stored[name]) for name in _NAMES if name in stored})


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case StrEnum():
            return value.value
        case tuple() | list():
            return [_plain(each) for each in value]
        case dict():
            return {key: _plain(each) for key, each in value.items()}
        case _:
            return value


def _read(name: str, value: Any) -> Any:
    reader = _READERS.get(name)
    return value if reader is None else reader(value)


def _moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def _questions(value: list[dict[str, Any]]) -> tuple[Question, ...]:
    return tuple(
        Question(
            label=each["label"],
            kind=QuestionKind(each["kind"]),
            required=each["required"],
            choices=tuple(each["choices"]),
        )
        for each in value
    )


_NAMES: Final = tuple(Terms.__dataclass_fields__)
_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "pricing_type": PricingType,
    "billing_period": BillingPeriod,
    "stock_mode": StockMode,
    "auto_expire_at": _moment,
    "sale_starts_at": _moment,
    "sale_ends_at": _moment,
    "waitlist_questions": _questions,
}
