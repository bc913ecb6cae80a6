"""How a pass is put into words: its price, what it includes, how long, how many are left."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from services.gateway.visit import Visit

FEW_LEFT: Final = 20
"""Above it the number that is left says nothing to a buyer."""


@dataclass(frozen=True, slots=True)
class Offer:
    """The words of one pass. `price` is the large line, `notes` are the small ones."""

    price: str
    notes: tuple[Markup, ...]
    is_free: bool


def offer_of(visit: Visit, terms: Mapping[str, Any], zone: str) -> Offer:
    """The offer of a pass under its terms, in the viewer's language and the space's zone."""
    is_free = terms["pricing_type"] == "free"
    notes = [*_money_notes(visit, terms), *_time_notes(visit, terms, zone)]
    return Offer(_price(visit, terms), tuple(Markup.escape(note) for note in notes), is_free)


def left_note(visit: Visit, left: int | None) -> str | None:
    """How many are left, when they are few."""
    if left is None or not 0 < left <= FEW_LEFT:
        return None
    return visit.texts.say("offer-left", count=left)


def _price(visit: Visit, terms: Mapping[str, Any]) -> str:
    say = visit.texts.say
    if terms["pricing_type"] == "free":
        return say("offer-free")
    amount = _amount(visit, terms, "price_minor")
    if terms["pricing_type"] == "one_time":
        return amount
    return say(f"offer-price-{terms['billing_period'].replace('_', '-')}", price=amount)


def _amount(visit: Visit, terms: Mapping[str, Any], field: str) -> str:
    return visit.formats.money(terms[field], terms["currency"], terms["currency_exponent"])


def _money_notes(visit: Visit, terms: Mapping[str, Any]) -> list[str]:
    say = visit.texts.say
    notes = []
    if terms["pricing_type"] == "one_time":
        notes.append(say("offer-once"))
    if terms["initial_fee_minor"]:
        notes.append(say("offer-initial-fee", fee=_amount(visit, terms, "initial_fee_minor")))
    if terms["trial_days"]:
        notes.append(say("offer-trial", days=terms["trial_days"]))
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
