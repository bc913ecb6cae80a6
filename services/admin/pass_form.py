"""The form of a pass: what people type, and the draft that the catalog takes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from babel import Locale

from libs.web.forms import SentForm
from libs.web.texts import Texts
from services.admin import amounts, moments

SPARE_QUESTIONS: Final = 3
_MOST_QUESTIONS: Final = 20

# How the catalog calls what our form calls otherwise.
NAMES: Final = {
    "terms.price_minor": "price",
    "terms.initial_fee_minor": "initial_fee",
    "terms.cancellation_discount_percent": "cancellation_discount",
    **{f"terms.waitlist_questions.{n}": f"question_{n}" for n in range(_MOST_QUESTIONS)},
    "terms.waitlist_questions": "question_0",
    "terms.currency_exponent": "currency",
}

_FOLDED: Final = frozenset(
    {
        "auto_expire_at",
        "cancellation_discount",
        "expires_after_days",
        "initial_fee",
        "max_split_payments",
        "redirect_url",
        "refund_policy",
        "sale_ends_at",
        "sale_starts_at",
        "split_payments",
        "trial_days",
        "waitlist",
    }
)

# What the form shows only for one way to pay isn't sent for another.
_ONLY_FOR: Final = {
    "recurring": ("billing_period", "trial_days", "cancellation_discount_percent"),
    "one_time": ("split_payments", "max_split_payments"),
    "expiring": ("expires_after_days",),
    "paid": ("price_minor", "initial_fee_minor"),
}
_HAS: Final[Mapping[str, frozenset[str]]] = {
    "free": frozenset({"expiring"}),
    "one_time": frozenset({"one_time", "paid", "expiring"}),
    "recurring": frozenset({"recurring", "paid"}),
}


@dataclass(frozen=True, slots=True)
class PassForm:
    """What stands in the fields, as it was typed: by this person, or taken from a draft."""

    fields: Mapping[str, str]
    experience_ids: Sequence[str] = ()
    questions: Sequence[Mapping[str, str]] = ()

    def rows(self) -> list[Mapping[str, str]]:
        """The questions of the waitlist with a few empty rows below."""
        spare = min(SPARE_QUESTIONS, _MOST_QUESTIONS - len(self.questions))
        return [*self.questions, *({} for _ in range(spare))]

    def uses_advanced(self) -> bool:
        """Whether something stands in a field that is folded away."""
        return bool(self.questions) or any(self.fields.get(name) for name in _FOLDED)


def names_advanced(fields: Iterable[str]) -> bool:
    """Whether one of these fields is folded away."""
    return any(name in _FOLDED or name.startswith("question_") for name in fields)


@dataclass(slots=True)
class Draft:
    """What the form says, as the catalog takes it, and what in it can't be read."""

    body: dict[str, Any]
    errors: dict[str, str] = field(default_factory=dict)


def empty(currency: str) -> PassForm:
    """Show the form of a new pass."""
    return PassForm({"pricing_type": "one_time", "currency": currency, "billing_period": "monthly"})


def of_draft(found: Mapping[str, Any], zone: str, region: Locale) -> PassForm:
    """The form of a pass as it is drafted, its amounts as people of the region type them."""
    draft = found["draft"]
    terms = draft["terms"]
    currency = terms["currency"]
    recurring = terms["pricing_type"] == "recurring"
    fields = {
        "slug": found["slug"],
        "name": draft["name"],
        "description": draft["description"],
        "expected_version": str(found["version"]),
        "pricing_type": terms["pricing_type"],
        "currency": currency,
        "price": _amount(terms["price_minor"], currency, region),
        "initial_fee": _amount(terms["initial_fee_minor"], currency, region),
        "billing_period": terms["billing_period"] if recurring else "monthly",
        "trial_days": _number(terms["trial_days"]),
        "stock": "" if terms["stock"] is None else str(terms["stock"]),
        "stock_mode": terms["stock_mode"],
        "auto_expire_at": moments.to_typed(terms["auto_expire_at"], zone),
        "expires_after_days": _number(terms["expires_after_days"]),
        "waitlist": "on" if terms["waitlist"] else "",
        "redirect_url": terms["redirect_url"] or "",
        "cancellation_discount": _number(terms["cancellation_discount_percent"]),
        "split_payments": "on" if terms["split_payments"] else "",
        "max_split_payments": str(terms["max_split_payments"]) if terms["split_payments"] else "",
        "sale_starts_at": moments.to_typed(terms["sale_starts_at"], zone),
        "sale_ends_at": moments.to_typed(terms["sale_ends_at"], zone),
        "refund_policy": terms["refund_policy"],
    }
    questions = [
        {
            "label": each["label"],
            "kind": each["kind"],
            "required": "on" if each["required"] else "",
            "choices": "\n".join(each["choices"]),
        }
        for each in terms["waitlist_questions"]
    ]
    return PassForm(fields, tuple(map(str, draft["experience_ids"])), questions)


def of_sent(sent: SentForm) -> PassForm:
    """The form as it was sent."""
    rows = [_row(sent, number) for number in range(_MOST_QUESTIONS)]
    asked = [row for row in rows if row["label"].strip() or row["choices"].strip()]
    return PassForm(sent.typed(), sent.texts("experience_ids"), asked)


def _row(sent: SentForm, number: int) -> dict[str, str]:
    parts = ("label", "kind", "required", "choices")
    return {part: sent.text(f"question_{number}_{part}") for part in parts}


def _amount(minor: int, currency: str, region: Locale) -> str:
    return amounts.to_typed(minor, currency, region) if minor else ""


def _number(value: int | None) -> str:
    return str(value) if value else ""


def draft_of(form: PassForm, zone: str, texts: Texts) -> Draft:
    """Read the form. What can't be read stands in `errors`, by the name of its field."""
    reader = _Reader(form.fields, zone, texts)
    pricing = form.fields.get("pricing_type", "")
    terms = {
        "pricing_type": pricing,
        "currency": form.fields.get("currency", ""),
        **reader.money(),
        **reader.counts(),
        **reader.times(),
        "waitlist": form.fields.get("waitlist") == "on",
        "waitlist_questions": [_question(row) for row in form.questions],
        "redirect_url": form.fields.get("redirect_url", "").strip() or None,
        "split_payments": form.fields.get("split_payments") == "on",
        "refund_policy": form.fields.get("refund_policy", ""),
    }
    if form.fields.get("stock_mode"):
        terms["stock_mode"] = form.fields["stock_mode"]
    if pricing == "recurring":
        terms["billing_period"] = form.fields.get("billing_period", "")
    has = _HAS.get(pricing, frozenset())
    left_out = {name for kind, names in _ONLY_FOR.items() if kind not in has for name in names}
    hidden = {NAMES.get(f"terms.{name}", name) for name in left_out}
    return Draft(
        {
            "name": form.fields.get("name", ""),
            "description": form.fields.get("description", ""),
            "experience_ids": list(form.experience_ids),
            "terms": {name: value for name, value in terms.items() if name not in left_out},
        },
        {name: text for name, text in reader.errors.items() if name not in hidden},
    )


def _question(row: Mapping[str, str]) -> dict[str, Any]:
    choices = [line.strip() for line in row["choices"].splitlines() if line.strip()]
    return {
        "label": row["label"].strip(),
        "kind": row["kind"] or "text",
        "required": row["required"] == "on",
        "choices": choices,
    }


class _Reader:
    """Reads fields and keeps what it can't read as sentences beside them."""

    def __init__(self, fields: Mapping[str, str], zone: str, texts: Texts) -> None:
        self._fields = fields
        self._zone = zone
        self._say = texts.say
        self.errors: dict[str, str] = {}

    def money(self) -> dict[str, int]:
        """The price and the fee; an empty field is nothing."""
        return {
            "price_minor": self._read("price", self._minor) or 0,
            "initial_fee_minor": self._read("initial_fee", self._minor) or 0,
        }

    def counts(self) -> dict[str, int | None]:
        """The whole numbers."""
        splits = self._read("max_split_payments", self._whole)
        return {
            "stock": self._read("stock", self._whole),
            "trial_days": self._read("trial_days", self._whole) or 0,
            "expires_after_days": self._read("expires_after_days", self._whole),
            "cancellation_discount_percent": self._read("cancellation_discount", self._whole) or 0,
            "max_split_payments": 1 if splits is None else splits,
        }

    def times(self) -> dict[str, str | None]:
        """The instants, typed in the zone of the space."""
        return {
            name: self._read(name, self._instant)
            for name in ("auto_expire_at", "sale_starts_at", "sale_ends_at")
        }

    def _read(self, name: str, read: Callable[[str, str], Any]) -> Any:
        typed = self._fields.get(name, "").strip()
        return read(name, typed) if typed else None

    def _minor(self, name: str, typed: str) -> int | None:
        try:
            return amounts.to_minor(typed, self._fields.get("currency", ""))
        except amounts.NotAnAmount as wrong:
            self.errors[name] = self._say(wrong.code, decimals=wrong.decimals)
        except amounts.UnknownCurrency:
            self.errors["currency"] = self._say("currency-unknown")
        return None

    def _whole(self, name: str, typed: str) -> int | None:
        if typed.isascii() and typed.isdigit() and len(typed) < 10:
            return int(typed)
        self.errors[name] = self._say("number-malformed")
        return None

    def _instant(self, name: str, typed: str) -> str | None:
        try:
            return moments.to_instant(typed, self._zone)
        except moments.NotAMoment:
            self.errors[name] = self._say("moment-malformed")
            return None


def differences(
    ours: PassForm, theirs: PassForm, experiences: Mapping[str, str], texts: Texts
) -> dict[str, str]:
    """What stands in the draft of somebody else where ours says something else, by field.

    `experiences` are the names of the space's experiences by their ids.
    """
    skipped = {"expected_version", "slug"}
    found = {
        name: _in_words(name, value, texts)
        for name, value in theirs.fields.items()
        if name not in skipped and ours.fields.get(name, "").strip() != value
    }
    if set(ours.experience_ids) != set(theirs.experience_ids):
        chosen = [experiences.get(each, each) for each in theirs.experience_ids]
        found["experience_ids"] = ", ".join(chosen)
    if _told(ours.questions) != _told(theirs.questions):
        found["questions"] = " · ".join(each["label"] for each in theirs.questions)
    return found


def _told(questions: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    return [_question(row) for row in questions]


def _in_words(name: str, value: str, texts: Texts) -> str:
    if name in {"split_payments", "waitlist"}:
        return texts.say("yes" if value else "no")
    words = {"pricing_type": "pricing", "billing_period": "billing", "stock_mode": "stock-mode"}
    return texts.say(f"{words[name]}-{value}") if name in words else value


def expecting(form: PassForm, version: str) -> PassForm:
    """The same form, written in the knowledge of that version."""
    return replace(form, fields={**form.fields, "expected_version": version})
