"""The rules for terms, alone and in combination."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from libs.money import Money, UnknownCurrency, exponent_of, least_charge_of
from services.catalog.domain.names import check_text
from services.catalog.domain.refusals import FieldError
from services.catalog.domain.terms import (
    BillingPeriod,
    PricingType,
    Question,
    QuestionKind,
    Terms,
)

# Stripe takes amounts of at most eight digits (docs.stripe.com/currencies#minimum-and-maximum).
MOST_MINOR: Final = 99_999_999
MOST_TRIAL_DAYS: Final = 730
MOST_EXPIRY_DAYS: Final = 36_500
MOST_STOCK: Final = 10_000_000
MOST_SPLITS: Final = 12
MOST_QUESTIONS: Final = 20
MOST_CHOICES: Final = 30
# Stripe charges three-decimal currencies in tens, and these two in whole units (same source).
_PRINTABLE: Final = re.compile(r"[!-\[\]-~]+")
_WHOLE_UNITS: Final = frozenset({"ISK", "UGX"})


def check_terms(terms: Terms) -> list[FieldError]:
    """Return all errors of the terms, in the order of the form."""
    checks = (_money, _billing, _stock, _expiry, _sale, _waitlist, _redirect, _splits, _policy)
    return [
        replace(error, field=f"terms.{error.field}") for check in checks for error in check(terms)
    ]


def check_currency(currency: str, field: str = "currency") -> list[FieldError]:
    """Check that the currency can be charged; an ISO code in capitals."""
    try:
        exponent_of(currency)
    except UnknownCurrency:
        return [FieldError(field, "currency_unknown")]
    return []


def _out_of_range(field: str, least: int, most: int) -> FieldError:
    return FieldError(field, "number_out_of_range", {"least": least, "most": most})


def _money(terms: Terms) -> Iterator[FieldError]:
    unknown = check_currency(terms.currency)
    yield from unknown
    if not unknown and terms.currency_exponent not in {None, exponent_of(terms.currency)}:
        exponent = exponent_of(terms.currency)
        yield FieldError("currency_exponent", "exponent_wrong", {"exponent": exponent})
    yield from _amounts(terms, None if unknown else _step(terms.currency))


def _amounts(terms: Terms, step: int | None) -> Iterator[FieldError]:
    for field, minor in (
        ("price_minor", terms.price_minor),
        ("initial_fee_minor", terms.initial_fee_minor),
    ):
        if not 0 <= minor <= MOST_MINOR:
            yield FieldError(field, "amount_out_of_range")
        elif terms.pricing_type is PricingType.FREE and minor:
            yield FieldError(field, "free_costs_nothing")
        elif step is not None and minor % step:
            yield FieldError(field, "amount_not_chargeable", {"step": step})
    if terms.pricing_type is not PricingType.FREE and terms.price_minor == 0:
        yield FieldError("price_minor", "price_missing")
    elif step is not None:
        yield from _too_small(terms)


def _too_small(terms: Terms) -> Iterator[FieldError]:
    """Check the amounts that are charged separately against the payment provider's limits."""
    least = least_charge_of(terms.currency)
    once = terms.pricing_type is PricingType.ONE_TIME
    charges = {"price_minor": terms.price_minor + (terms.initial_fee_minor if once else 0)}
    if terms.trial_days:
        charges["initial_fee_minor"] = terms.initial_fee_minor
    for field, minor in charges.items():
        if 0 < minor < least:
            amount = f"{Money(least, terms.currency).as_decimal()} {terms.currency}"
            yield FieldError(field, "amount_too_small", {"least": amount})


def _step(currency: str) -> int:
    if currency in _WHOLE_UNITS:
        return 100
    return 10 if exponent_of(currency) == 3 else 1


def _billing(terms: Terms) -> Iterator[FieldError]:
    recurring = terms.pricing_type is PricingType.RECURRING
    for_ever = terms.billing_period is BillingPeriod.LIFETIME
    if recurring and for_ever:
        yield FieldError("billing_period", "billing_period_missing")
    if not recurring and not for_ever:
        yield FieldError("billing_period", "only_recurring")
    if not 0 <= terms.trial_days <= MOST_TRIAL_DAYS:
        yield _out_of_range("trial_days", 0, MOST_TRIAL_DAYS)
    elif terms.trial_days and not recurring:
        yield FieldError("trial_days", "only_recurring")
    if not 0 <= terms.cancellation_discount_percent <= 100:
        yield _out_of_range("cancellation_discount_percent", 0, 100)
    elif terms.cancellation_discount_percent and not recurring:
        yield FieldError("cancellation_discount_percent", "only_recurring")


def _stock(terms: Terms) -> Iterator[FieldError]:
    if terms.stock is not None and not 0 <= terms.stock <= MOST_STOCK:
        yield _out_of_range("stock", 0, MOST_STOCK)


def _expiry(terms: Terms) -> Iterator[FieldError]:
    days = terms.expires_after_days
    if days is not None and not 1 <= days <= MOST_EXPIRY_DAYS:
        yield _out_of_range("expires_after_days", 1, MOST_EXPIRY_DAYS)
    if days is not None and terms.auto_expire_at is not None:
        yield FieldError("expires_after_days", "one_expiry_only")
    if days is not None and terms.pricing_type is PricingType.RECURRING:
        yield FieldError("expires_after_days", "not_with_recurring")


def _sale(terms: Terms) -> Iterator[FieldError]:
    for name in ("auto_expire_at", "sale_starts_at", "sale_ends_at"):
        moment = getattr(terms, name)
        if moment is not None and moment.tzinfo is None:
            yield FieldError(name, "time_without_zone")
            return
    starts, ends = terms.sale_starts_at, terms.sale_ends_at
    if starts and ends and ends <= starts:
        yield FieldError("sale_ends_at", "sale_ends_before_it_starts")
    if starts and terms.auto_expire_at and terms.auto_expire_at <= starts:
        yield FieldError("auto_expire_at", "expires_before_sale")


def _waitlist(terms: Terms) -> Iterator[FieldError]:
    if terms.waitlist_questions and not terms.waitlist:
        yield FieldError("waitlist_questions", "only_with_waitlist")
    if len(terms.waitlist_questions) > MOST_QUESTIONS:
        yield FieldError("waitlist_questions", "too_many", {"most": MOST_QUESTIONS})
    for number, question in enumerate(terms.waitlist_questions):
        code = _question(question)
        if code is not None:
            yield FieldError(f"waitlist_questions.{number}", code)


def _question(question: Question) -> str | None:
    if check_text("label", question.label, least=1, most=200):
        return "question_label"
    if question.kind is not QuestionKind.CHOICE:
        return "question_without_choices" if question.choices else None
    choices = [choice.strip() for choice in question.choices]
    proper = 2 <= len(choices) <= MOST_CHOICES and len(set(choices)) == len(choices)
    return (
        None
        if proper and not any(check_text("choice", each, least=1, most=200) for each in choices)
        else "question_choices"
    )


def _redirect(terms: Terms) -> Iterator[FieldError]:
    if terms.redirect_url is not None and not _is_safe_address(terms.redirect_url):
        yield FieldError("redirect_url", "redirect_not_https")


def _is_safe_address(address: str) -> bool:
    if len(address) > 2000 or not _PRINTABLE.fullmatch(address):
        return False
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    named = bool(parts.hostname) and "." in (parts.hostname or "").strip(".")
    plain = parts.username is None and parts.password is None
    return parts.scheme == "https" and named and plain and port != 0


def _splits(terms: Terms) -> Iterator[FieldError]:
    if not terms.split_payments:
        if terms.max_split_payments != 1:
            yield FieldError("max_split_payments", "only_with_split_payments")
        return
    if terms.pricing_type is not PricingType.ONE_TIME:
        yield FieldError("split_payments", "only_one_time")
    if not 2 <= terms.max_split_payments <= MOST_SPLITS:
        yield _out_of_range("max_split_payments", 2, MOST_SPLITS)
    elif terms.price_minor < terms.max_split_payments:
        yield FieldError("max_split_payments", "parts_of_nothing")


def _policy(terms: Terms) -> Iterator[FieldError]:
    yield from check_text("refund_policy", terms.refund_policy, most=4000)
