from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from libs.money import EXPONENTS
from services.catalog.domain import (
    BillingPeriod,
    PricingType,
    Question,
    QuestionKind,
    StockMode,
    Terms,
)
from services.catalog.domain.term_rules import MOST_MINOR, check_terms
from services.catalog.tests.builders import NOW, some_terms

FREE = Terms(PricingType.FREE, "EUR")
ONE_TIME = some_terms()
RECURRING = replace(
    ONE_TIME, pricing_type=PricingType.RECURRING, billing_period=BillingPeriod.MONTHLY
)
LATER = NOW + timedelta(days=30)


def question(**changed: Any) -> tuple[Question, ...]:
    return (replace(Question("Why?", QuestionKind.TEXT), **changed),)


@pytest.mark.parametrize(
    "terms",
    [
        FREE,
        ONE_TIME,
        RECURRING,
        some_terms(currency="JPY", price_minor=50),
        some_terms(price_minor=10, initial_fee_minor=40),
        some_terms(currency="KWD", price_minor=12_340),
        some_terms(currency="EUR", currency_exponent=2),
        some_terms(stock=0),
        some_terms(price_minor=MOST_MINOR),
        some_terms(initial_fee_minor=500),
        some_terms(split_payments=True, max_split_payments=12),
        some_terms(sale_starts_at=NOW, sale_ends_at=LATER),
        some_terms(expires_after_days=1),
        some_terms(auto_expire_at=LATER),
        some_terms(redirect_url="https://anna.example/thanks?from=pass"),
        some_terms(waitlist=True, waitlist_questions=question(required=True)),
        replace(RECURRING, trial_days=14, cancellation_discount_percent=30),
        replace(RECURRING, billing_period=BillingPeriod.YEARLY, initial_fee_minor=1000),
    ],
)
def test_sensible_terms_are_taken(terms: Terms) -> None:
    assert check_terms(terms) == []


@pytest.mark.parametrize(
    ("terms", "field", "code"),
    [
        (replace(FREE, price_minor=1), "price_minor", "free_costs_nothing"),
        (replace(FREE, initial_fee_minor=1), "initial_fee_minor", "free_costs_nothing"),
        (some_terms(price_minor=0), "price_minor", "price_missing"),
        (some_terms(price_minor=49), "price_minor", "amount_too_small"),
        (some_terms(currency="JPY", price_minor=49), "price_minor", "amount_too_small"),
        (some_terms(price_minor=9, initial_fee_minor=40), "price_minor", "amount_too_small"),
        (
            replace(RECURRING, price_minor=49, initial_fee_minor=500),
            "price_minor",
            "amount_too_small",
        ),
        (
            replace(RECURRING, trial_days=7, initial_fee_minor=49),
            "initial_fee_minor",
            "amount_too_small",
        ),
        (some_terms(price_minor=-1), "price_minor", "amount_out_of_range"),
        (some_terms(price_minor=MOST_MINOR + 1), "price_minor", "amount_out_of_range"),
        (some_terms(initial_fee_minor=-1), "initial_fee_minor", "amount_out_of_range"),
        (some_terms(currency="XXX"), "currency", "currency_unknown"),
        (some_terms(currency="eur"), "currency", "currency_unknown"),
        (some_terms(currency_exponent=0), "currency_exponent", "exponent_wrong"),
        (
            some_terms(currency="JPY", currency_exponent=2),
            "currency_exponent",
            "exponent_wrong",
        ),
        (
            some_terms(currency="KWD", price_minor=12_345),
            "price_minor",
            "amount_not_chargeable",
        ),
        (some_terms(currency="ISK", price_minor=1950), "price_minor", "amount_not_chargeable"),
        (
            some_terms(billing_period=BillingPeriod.MONTHLY),
            "billing_period",
            "only_recurring",
        ),
        (
            replace(RECURRING, billing_period=BillingPeriod.LIFETIME),
            "billing_period",
            "billing_period_missing",
        ),
        (some_terms(trial_days=7), "trial_days", "only_recurring"),
        (replace(RECURRING, trial_days=-1), "trial_days", "number_out_of_range"),
        (replace(RECURRING, trial_days=731), "trial_days", "number_out_of_range"),
        (
            some_terms(cancellation_discount_percent=10),
            "cancellation_discount_percent",
            "only_recurring",
        ),
        (
            replace(RECURRING, cancellation_discount_percent=101),
            "cancellation_discount_percent",
            "number_out_of_range",
        ),
        (some_terms(stock=-1), "stock", "number_out_of_range"),
        (some_terms(expires_after_days=0), "expires_after_days", "number_out_of_range"),
        (
            some_terms(expires_after_days=5, auto_expire_at=LATER),
            "expires_after_days",
            "one_expiry_only",
        ),
        (replace(RECURRING, expires_after_days=5), "expires_after_days", "not_with_recurring"),
        (
            some_terms(sale_starts_at=LATER, sale_ends_at=NOW),
            "sale_ends_at",
            "sale_ends_before_it_starts",
        ),
        (
            some_terms(sale_starts_at=NOW, sale_ends_at=NOW),
            "sale_ends_at",
            "sale_ends_before_it_starts",
        ),
        (
            some_terms(sale_starts_at=LATER, auto_expire_at=NOW),
            "auto_expire_at",
            "expires_before_sale",
        ),
        (
            some_terms(sale_ends_at=datetime(2030, 1, 1)),  # noqa: DTZ001
            "sale_ends_at",
            "time_without_zone",
        ),
        (
            some_terms(waitlist_questions=question()),
            "waitlist_questions",
            "only_with_waitlist",
        ),
        (
            some_terms(waitlist=True, waitlist_questions=question() * 21),
            "waitlist_questions",
            "too_many",
        ),
        (
            some_terms(waitlist=True, waitlist_questions=question(label=" ")),
            "waitlist_questions.0",
            "question_label",
        ),
        (
            some_terms(waitlist=True, waitlist_questions=question(choices=("a", "b"))),
            "waitlist_questions.0",
            "question_without_choices",
        ),
        *(
            (
                some_terms(
                    waitlist=True,
                    waitlist_questions=question(kind=QuestionKind.CHOICE, choices=choices),
                ),
                "waitlist_questions.0",
                "question_choices",
            )
            for choices in ((), ("only",), ("same", "same "), ("a", " "))
        ),
        (
            replace(FREE, split_payments=True, max_split_payments=2),
            "split_payments",
            "only_one_time",
        ),
        (
            replace(RECURRING, split_payments=True, max_split_payments=2),
            "split_payments",
            "only_one_time",
        ),
        (
            some_terms(split_payments=True, max_split_payments=1),
            "max_split_payments",
            "number_out_of_range",
        ),
        (
            some_terms(split_payments=True, max_split_payments=13),
            "max_split_payments",
            "number_out_of_range",
        ),
        (
            some_terms(max_split_payments=3),
            "max_split_payments",
            "only_with_split_payments",
        ),
        (
            some_terms(price_minor=2, split_payments=True, max_split_payments=3),
            "max_split_payments",
            "parts_of_nothing",
        ),
        (some_terms(refund_policy="x" * 4001), "refund_policy", "text_too_long"),
    ],
)
def test_terms_that_make_no_sense_are_refused_beside_their_field(
    terms: Terms, field: str, code: str
) -> None:
    assert (f"terms.{field}", code) in {(each.field, each.code) for each in check_terms(terms)}


@pytest.mark.parametrize(
    "address",
    [
        "http://anna.example",
        "//anna.example",
        "javascript:alert(1)",
        "https://",
        "https://localhost/x",
        "https://anna@evil.example",
        "https://anna:secret@evil.example",
        "https://anna.example\\@evil.example",
        "https://anna.example/a b",
        "https://anna.example/\n",
        "https://anna.example:99999",
        "https://[::1",
        "https://ännä.example",
        "https://anna.example/" + "x" * 2000,
        "",
    ],
)
def test_a_redirect_goes_to_a_full_https_address(address: str) -> None:
    errors = check_terms(some_terms(redirect_url=address))

    assert [(each.field, each.code) for each in errors] == [
        ("terms.redirect_url", "redirect_not_https")
    ]


@pytest.mark.parametrize(
    ("terms", "mode"),
    [
        (ONE_TIME, StockMode.EDITIONS),
        (FREE, StockMode.EDITIONS),
        (RECURRING, StockMode.SEATS),
        (some_terms(stock_mode=StockMode.SEATS), StockMode.SEATS),
    ],
)
def test_the_stock_mode_follows_the_pricing_unless_it_is_chosen(
    terms: Terms, mode: StockMode
) -> None:
    assert terms.settled_in("EUR").stock_mode is mode


def test_terms_without_a_currency_take_that_of_the_space() -> None:
    assert some_terms(currency="").settled_in("JPY").currency == "JPY"
    assert some_terms(currency="KWD").settled_in("JPY").currency == "KWD"


def test_terms_read_back_as_they_were_kept() -> None:
    terms = some_terms(
        sale_ends_at=datetime(2026, 5, 1, tzinfo=UTC),
        waitlist=True,
        waitlist_questions=question(kind=QuestionKind.CHOICE, choices=("a", "b")),
    ).settled_in("EUR")

    again = Terms.from_stored(terms.to_stored())

    assert again == replace(terms, currency_exponent=2)


@pytest.mark.parametrize("currency", sorted(EXPONENTS))
def test_what_is_kept_names_the_decimals_of_its_currency(currency: str) -> None:
    terms = some_terms(currency=currency, price_minor=100_000)

    assert check_terms(terms) == []
    assert terms.to_stored()["currency_exponent"] == EXPONENTS[currency]
