"""What people type, and what it means."""

import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from babel import Locale
from starlette.datastructures import FormData

from libs.money import EXPONENTS
from libs.web.forms import SentForm
from libs.web.texts import Translations
from services.admin import amounts, app, moments, pass_form
from services.admin.slugs import slug_from
from services.admin.tests.builders import CHAT_ID, LIVE_ID, TERMS, a_pass, an_offer

ZONE = "Europe/Vienna"
USUAL = Locale("en")
TEXTS = Translations(Path(app.__file__).parent / "locale").in_language("en")


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("19.90", "EUR", 1990),
        ("19,90", "EUR", 1990),
        (" 19.9 ", "EUR", 1990),
        ("19", "EUR", 1900),
        ("0.01", "EUR", 1),
        ("1 000", "EUR", 100_000),
        ("1980", "JPY", 1980),
        ("1.234", "KWD", 1234),
        ("12", "KWD", 12_000),
        ("0", "EUR", 0),
    ],
)
def test_an_amount_is_read_by_the_decimals_of_its_currency(
    typed: str, currency: str, minor: int
) -> None:
    assert amounts.to_minor(typed, currency) == minor


@pytest.mark.parametrize(
    ("typed", "currency", "code"),
    [
        ("19.999", "EUR", "amount-decimals"),
        ("19.5", "JPY", "amount-decimals"),
        ("1.2345", "KWD", "amount-decimals"),
        ("1,000.00", "EUR", "amount-malformed"),
        ("-1", "EUR", "amount-malformed"),
        ("€5", "EUR", "amount-malformed"),
        ("1e3", "EUR", "amount-malformed"),
        ("\u0665", "EUR", "amount-malformed"),
        (".5", "EUR", "amount-malformed"),
        ("9" * 13, "EUR", "amount-malformed"),
    ],
)
def test_what_is_no_amount_is_not_guessed(typed: str, currency: str, code: str) -> None:
    with pytest.raises(amounts.NotAnAmount) as refused:
        amounts.to_minor(typed, currency)

    assert refused.value.code == code


@pytest.mark.parametrize("currency", sorted(EXPONENTS))
@pytest.mark.parametrize("minor", [0, 1, 10, 99_999_999])
def test_an_amount_reads_back_as_it_was_written(currency: str, minor: int) -> None:
    typed = {amounts.to_typed(minor, currency, Locale.parse(each)) for each in ("en", "de", "ar")}

    assert {amounts.to_minor(each, currency) for each in typed} == {minor}


def test_an_amount_stands_in_its_field_as_people_of_the_region_type_it() -> None:
    assert amounts.to_typed(1990, "EUR", Locale("en")) == "19.90"
    assert amounts.to_typed(1990, "EUR", Locale("de")) == "19,90"
    assert amounts.to_typed(1980, "JPY", Locale("de")) == "1980"


def test_a_time_is_typed_in_the_zone_of_the_space() -> None:
    assert moments.to_instant("2026-07-01T20:00", ZONE) == "2026-07-01T18:00:00+00:00"
    assert moments.to_instant("2026-12-01T20:00", ZONE) == "2026-12-01T19:00:00+00:00"
    assert moments.to_typed("2026-07-01T18:00:00Z", ZONE) == "2026-07-01T20:00"


@pytest.mark.parametrize("typed", ["", "tomorrow", "2026-13-01T00:00", "20:00"])
def test_what_is_no_time_is_refused(typed: str) -> None:
    with pytest.raises(moments.NotAMoment):
        moments.to_instant(typed, ZONE)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Anna's Piano Évenings!", "annas-piano-evenings"),
        ("بيت الموسيقى", "byt-lmwsyqa"),
        ("日本", "riben"),
        ("Ωραία νύχτα", "oraia-nychta"),
        ("🎹 🎶", "musical-keyboard-notes"),
        ("x" * 60, "x" * 40),
        ("  --  ", "0c7d7b5e"),
        ("A", "a-0c7d7b5e"),
        ("", "0c7d7b5e"),
    ],
)
def test_a_slug_is_proposed_from_a_name(name: str, slug: str) -> None:
    assert slug_from(name, UUID("0c7d7b5e-0000-5000-8000-000000000001")) == slug
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{1,38}[a-z0-9]", slug), "the catalog takes it"


def sent(**fields: Any) -> SentForm:
    pairs: list[tuple[str, str]] = []
    for name, value in fields.items():
        values = value if isinstance(value, list) else [value]
        pairs += [(name, each) for each in values]
    return SentForm(FormData(pairs))


PLAIN = {"name": "Season", "pricing_type": "one_time", "currency": "EUR", "price": "19.90"}


def read(**fields: Any) -> pass_form.Draft:
    return pass_form.draft_of(pass_form.of_sent(sent(**PLAIN | fields)), ZONE, TEXTS)


def test_a_plain_form_is_a_plain_pass() -> None:
    draft = read(experience_ids=[LIVE_ID, CHAT_ID])

    assert draft.errors == {}
    assert draft.body["experience_ids"] == [LIVE_ID, CHAT_ID]
    assert draft.body["terms"]["price_minor"] == 1990
    assert draft.body["terms"]["stock"] is None
    assert "billing_period" not in draft.body["terms"]
    assert "stock_mode" not in draft.body["terms"]


def test_every_field_of_the_form_reaches_the_terms() -> None:
    draft = read(
        initial_fee="5",
        stock="7",
        stock_mode="seats",
        auto_expire_at="2027-01-01T00:00",
        sale_starts_at="2026-05-01T10:00",
        sale_ends_at="2026-06-01T10:00",
        expires_after_days="30",
        split_payments="on",
        max_split_payments="3",
        waitlist="on",
        redirect_url=" https://anna.example ",
        refund_policy="None",
        question_0_label="Why?",
        question_0_kind="choice",
        question_0_choices="Because\r\n\r\nNo reason\r\n",
        question_0_required="on",
    )

    assert draft.errors == {}
    assert draft.body["terms"] == {
        "pricing_type": "one_time",
        "currency": "EUR",
        "price_minor": 1990,
        "initial_fee_minor": 500,
        "stock": 7,
        "stock_mode": "seats",
        "auto_expire_at": "2026-12-31T23:00:00+00:00",
        "sale_starts_at": "2026-05-01T08:00:00+00:00",
        "sale_ends_at": "2026-06-01T08:00:00+00:00",
        "expires_after_days": 30,
        "split_payments": True,
        "max_split_payments": 3,
        "waitlist": True,
        "waitlist_questions": [
            {
                "label": "Why?",
                "kind": "choice",
                "required": True,
                "choices": ["Because", "No reason"],
            }
        ],
        "redirect_url": "https://anna.example",
        "refund_policy": "None",
    }


def test_what_the_chosen_way_to_pay_does_not_have_is_not_sent() -> None:
    free = read(pricing_type="free", price="x", trial_days="7", split_payments="on")
    recurring = read(
        pricing_type="recurring",
        billing_period="yearly",
        trial_days="7",
        cancellation_discount="30",
        split_payments="on",
        expires_after_days="3",
    )

    assert free.errors == {}
    assert not {"price_minor", "trial_days", "split_payments"} & set(free.body["terms"])
    terms = recurring.body["terms"]
    assert (terms["billing_period"], terms["trial_days"]) == ("yearly", 7)
    assert terms["cancellation_discount_percent"] == 30
    assert not {"split_payments", "expires_after_days"} & set(terms)


def test_what_cannot_be_read_is_told_beside_its_field() -> None:
    draft = read(price="a lot", stock="-1", sale_ends_at="soon", initial_fee="1.234")

    assert set(draft.errors) == {"price", "stock", "sale_ends_at", "initial_fee"}


def test_an_unknown_currency_is_told_beside_its_field() -> None:
    assert set(read(currency="XXX").errors) == {"currency"}


def test_a_draft_goes_through_the_form_unchanged() -> None:
    terms = TERMS | {
        "waitlist": True,
        "waitlist_questions": [
            {"label": "Why?", "kind": "choice", "required": True, "choices": ["a", "b"]},
            {"label": "Where?", "kind": "url", "required": False, "choices": []},
        ],
        "split_payments": True,
        "max_split_payments": 4,
        "redirect_url": "https://anna.example",
        "sale_ends_at": "2026-09-01T08:00:00Z",
        "refund_policy": "Within 14 days.",
        "initial_fee_minor": 250,
    }
    form = pass_form.of_draft(a_pass(draft=an_offer(terms=terms)), ZONE, USUAL)

    again = pass_form.draft_of(form, ZONE, TEXTS)

    assert again.errors == {}
    left_out = {"currency_exponent", "billing_period", "trial_days"}
    left_out |= {"cancellation_discount_percent"}
    expected = {name: value for name, value in terms.items() if name not in left_out}
    times = ("sale_starts_at", "sale_ends_at")
    assert again.body["terms"] == expected | {
        name: str(expected[name]).replace("Z", "+00:00") for name in times
    }


def test_a_double_click_is_one_command_and_a_correction_is_another() -> None:
    once = sent(idempotency_key="1", name="Season")
    again = sent(idempotency_key="1", name="Season")
    corrected = sent(idempotency_key="1", name="Seasons")
    later = sent(idempotency_key="2", name="Season")

    assert once.key == again.key
    assert len({once.key, corrected.key, later.key}) == 3


def test_what_two_editors_wrote_differently_is_named() -> None:
    standing = pass_form.of_draft(a_pass(), ZONE, USUAL)
    ours = pass_form.PassForm(
        {**standing.fields, "price": "24.90", "waitlist": "on"}, (CHAT_ID,), ()
    )

    found = pass_form.differences(ours, standing, {LIVE_ID: "Concerts"}, TEXTS)

    assert found == {"price": "19.90", "waitlist": "no", "experience_ids": "Concerts"}
