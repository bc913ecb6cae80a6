"""Describes a pass: what is charged today and later, how long it lasts, how many are left."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from services.gateway.visit import Visit

FEW_LEFT: Final = 20
"""A larger number does not matter to a buyer."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of what is charged today."""

    label: str
    amount: str


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer in words.

    `price` is what is charged today, `items` its parts if there are several. `notes` are the small
    lines below it.
    """

    price: str
    items: tuple[Item, ...]
    notes: tuple[Markup, ...]
    is_free: bool


def offer_of(visit: Visit, terms: Mapping[str, Any], zone: str) -> Offer:
    """Return the offer in the viewer's language, with times in the space's zone."""
    is_free = terms["pricing_type"] == "free"
    notes = [*_money_notes(visit, terms), *_time_notes(visit, terms, zone)]
    return Offer(
        price=_price(visit, terms),
        items=items_of(visit, terms),
        notes=tuple(Markup.escape(note) for note in notes),
        is_free=is_free,
    )


def items_of(visit: Visit, terms: Mapping[str, Any]) -> tuple[Item, ...]:
    """Return the parts of the first charge, or nothing if it is one amount."""
    parts = _first_charge(terms)
    if len(parts) < 2:
        return ()
    return tuple(
        Item(visit.texts.say(f"offer-item-{name}"), _money(visit, terms, minor))
        for name, minor in parts.items()
    )


def first_charge_minor(terms: Mapping[str, Any]) -> int:
    """Return what is charged today: the fee and the price, or the fee alone in a trial."""
    return sum(_first_charge(terms).values())


def _first_charge(terms: Mapping[str, Any]) -> dict[str, int]:
    price = 0 if terms["trial_days"] else terms["price_minor"]
    parts = {"price": price, "fee": terms["initial_fee_minor"]}
    return {name: minor for name, minor in parts.items() if minor}


def left_note(visit: Visit, left: int | None) -> str | None:
    """Return a note about the number that is left if it is small."""
    if left is None or not 0 < left <= FEW_LEFT:
        return None
    return visit.texts.say("offer-left", count=left)


def _price(visit: Visit, terms: Mapping[str, Any]) -> str:
    if terms["pricing_type"] == "free":
        return visit.texts.say("offer-free")
    if terms["pricing_type"] == "one_time" or _differs_later(terms):
        return _money(visit, terms, first_charge_minor(terms))
    return _each_period(visit, terms, "offer-price")


def _differs_later(terms: Mapping[str, Any]) -> bool:
    return bool(first_charge_minor(terms) != terms["price_minor"])


def _each_period(visit: Visit, terms: Mapping[str, Any], key: str) -> str:
    period = terms["billing_period"].replace("_", "-")
    return visit.texts.say(f"{key}-{period}", price=_money(visit, terms, terms["price_minor"]))


def _money(visit: Visit, terms: Mapping[str, Any], minor: int) -> str:
    return visit.formats.money(minor, terms["currency"], terms["currency_exponent"])


def _money_notes(visit: Visit, terms: Mapping[str, Any]) -> list[str]:
    say = visit.texts.say
    notes = []
    if terms["pricing_type"] == "one_time":
        notes.append(say("offer-once"))
    if terms["trial_days"]:
        notes.append(say("offer-trial", days=terms["trial_days"]))
    if terms["pricing_type"] == "recurring" and _differs_later(terms):
        notes.append(_each_period(visit, terms, "offer-then"))
    return notes


def _time_notes(visit: Visit, terms: Mapping[str, Any], zone: str) -> list[str]:
    say = visit.texts.say
    notes = []
    if terms["expires_after_days"]:
        notes.append(say("offer-days", days=terms["expires_after_days"]))
    elif terms["auto_expire_at"]:
        notes.append(_with_moment(visit, "offer-until", terms["auto_expire_at"], zone))
    elif terms["pricing_type"] != "recurring":
        notes.append(say("offer-for-ever"))
    if terms["sale_ends_at"]:
        notes.append(_with_moment(visit, "offer-sale-ends", terms["sale_ends_at"], zone))
    return notes


def _with_moment(visit: Visit, key: str, at: str, zone: str) -> Markup:
    return visit.texts.marked(key, moment=visit.formats.moment(at, zone))
