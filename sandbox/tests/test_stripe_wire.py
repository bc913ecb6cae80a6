"""Reading Stripe's form encoding and checking it against the published parameters."""

import pytest

from sandbox.stripe.currencies import check_amount, check_currency, written
from sandbox.stripe.parameters import check_parameters
from sandbox.stripe.problems import Refusal
from sandbox.stripe.published import REQUESTS
from sandbox.stripe.wire import Unreadable, decode_form

CREATE = REQUESTS["POST /v1/payment_intents"]


def test_brackets_become_objects_and_lists():
    form = "amount=5&metadata[a]=1&metadata[b%20c]=&expand[]=x&expand[]=y&list[1][z]=2&list[0][z]=1"

    assert decode_form(form) == {
        "amount": "5",
        "metadata": {"a": "1", "b c": ""},
        "expand": ["x", "y"],
        "list": [{"z": "1"}, {"z": "2"}],
    }


@pytest.mark.parametrize(
    "form",
    ["a[b=1", "a=1&a[b]=2", "a" + "[b]" * 20 + "=1", "&".join(f"a{n}=1" for n in range(2000))],
)
def test_malformed_form_is_unreadable(form: str):
    with pytest.raises(Unreadable):
        decode_form(form)


def test_values_get_their_published_types():
    given = decode_form(
        "amount=500&currency=eur&confirm=true&metadata[order]=7&description="
        "&automatic_payment_methods[enabled]=true&setup_future_usage=off_session"
    )

    assert check_parameters(CREATE, given) == {
        "amount": 500,
        "currency": "eur",
        "confirm": True,
        "metadata": {"order": "7"},
        "description": "",
        "automatic_payment_methods": {"enabled": True},
        "setup_future_usage": "off_session",
    }


@pytest.mark.parametrize(
    ("form", "code", "param"),
    [
        ("currency=eur", "parameter_missing", "amount"),
        ("amount=1.5&currency=eur", "parameter_invalid_integer", "amount"),
        ("amount=1_000&currency=eur", "parameter_invalid_integer", "amount"),
        ("amount[]=1000&currency=eur", "parameter_invalid_integer", "amount"),
        (f"amount={'9' * 5000}&currency=eur", "parameter_invalid_integer", "amount"),
        ("amount=500&currency=eur&colour=red", "parameter_unknown", "colour"),
        (
            "amount=500&currency=eur&automatic_payment_methods[on]=true",
            "parameter_unknown",
            "automatic_payment_methods[on]",
        ),
        (
            "amount=500&currency=eur&automatic_payment_methods[allow_redirects]=never",
            "parameter_missing",
            "automatic_payment_methods[enabled]",
        ),
        ("amount=&currency=eur", "parameter_invalid_empty", "amount"),
        ("amount=500&currency=eur&confirm=yes", None, "confirm"),
        ("amount=500&currency=eur&capture_method=later", None, "capture_method"),
        ("amount=500&currency=eur&metadata=text", None, "metadata"),
    ],
)
def test_unpublished_parameter_is_refused(form: str, code: str | None, param: str):
    with pytest.raises(Refusal) as refused:
        check_parameters(CREATE, decode_form(form))

    assert refused.value.status == 400
    assert refused.value.error["type"] == "invalid_request_error"
    assert refused.value.error.get("code") == code
    assert refused.value.error["param"] == param


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        (49, "eur", "amount_too_small"),
        (29, "gbp", "amount_too_small"),
        (49, "jpy", "amount_too_small"),
        (17499, "huf", "amount_too_small"),
        (0, "usd", "parameter_invalid_integer"),
        (-5, "usd", "parameter_invalid_integer"),
        (100_000_000, "usd", "amount_too_large"),
        (1005, "kwd", None),
        (1050, "isk", None),
    ],
)
def test_money_that_stripe_does_not_take_is_refused(amount: int, currency: str, code: str | None):
    with pytest.raises(Refusal) as refused:
        check_amount(amount, currency)

    assert refused.value.error.get("code") == code
    assert refused.value.error["param"] == "amount"


def test_money_is_written_with_the_decimals_of_its_currency():
    taken = [(50, "eur"), (50, "jpy"), (1010, "kwd"), (1100, "isk"), (99_999_999, "usd")]

    assert [check_amount(*money) for money in taken] == [50, 50, 1010, 1100, 99_999_999]
    assert [written(*money) for money in taken[:3]] == ["€0.50", "¥50", "1.010"]
    assert check_currency("EUR") == "eur"
    with pytest.raises(Refusal, match="Invalid currency: xyz"):
        check_currency("xyz")
