"""Answers in the shapes of the version that the Stripe-Version header names.

The differences are those of https://docs.stripe.com/changelog.
"""

from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from sandbox.stripe.published import VERSION
from sandbox.tests.process import SECRET_KEY, SandboxProcess, running_sandbox

pytestmark = pytest.mark.own_server

PAY = {
    "amount": "1500",
    "currency": "eur",
    "confirm": "true",
    "payment_method": "pm_card_visa",
    "return_url": "http://shop.test/back",
}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory):
    data: Path = tmp_path_factory.mktemp("sandbox")
    with running_sandbox(data) as process:
        yield process


@pytest.fixture
def ask(sandbox: SandboxProcess):
    def send(version: str | None, method: str, path: str, **form: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {SECRET_KEY}"}
        if version is not None:
            headers["stripe-version"] = version
        place = {"data": form} if method == "POST" else {"params": form}
        return httpx.request(method, f"{sandbox.url}/stripe/v1/{path}", headers=headers, **place)

    return send


def test_unknown_version_is_refused(ask):
    answer = ask("2019-2-19", "GET", "charges")

    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert answer.json()["error"]["message"] == "Invalid Stripe API version: 2019-2-19"


@pytest.mark.parametrize(
    ("asked", "answered"), [(None, VERSION), ("2022-11-15", "2022-11-15"), (VERSION, VERSION)]
)
def test_answer_names_its_version(ask, asked, answered):
    assert ask(asked, "GET", "charges").headers["stripe-version"] == answered


def test_our_sdk_names_the_version_that_the_sandbox_speaks_by_default(sandbox: SandboxProcess):
    listed = sandbox.client().v1.charges.list()

    assert listed.last_response.headers["stripe-version"] == stripe.api_version == VERSION


def test_payment_has_its_latest_charge_as_a_list_before_2022_11_15(ask):
    new = ask("2022-11-15", "POST", "payment_intents", **PAY).json()
    old = ask("2022-08-01", "GET", f"payment_intents/{new['id']}").json()

    assert "charges" not in new
    assert [charge["id"] for charge in old["charges"]["data"]] == [new["latest_charge"]]
    assert old["charges"]["total_count"] == 1
    assert old["charges"]["data"][0]["refunds"]["data"] == []


def test_open_payment_has_an_empty_list_of_charges_before_2022_11_15(ask):
    opened = ask("2022-08-01", "POST", "payment_intents", amount="1500", currency="eur").json()

    assert opened["charges"]["data"] == []


def test_charge_holds_its_refunds_before_2022_11_15(ask):
    charge_id = ask(VERSION, "POST", "payment_intents", **PAY).json()["latest_charge"]
    refund_id = ask(VERSION, "POST", "refunds", charge=charge_id, amount="100").json()["id"]

    new = ask("2022-11-15", "GET", f"charges/{charge_id}").json()
    old = ask("2022-08-01", "GET", f"charges/{charge_id}").json()

    assert "refunds" not in new
    assert [refund["id"] for refund in old["refunds"]["data"]] == [refund_id]


def test_payments_name_an_invoice_before_basil(ask):
    paid = ask("2025-03-31.basil", "POST", "payment_intents", **PAY).json()
    old = ask("2025-02-24.acacia", "GET", f"payment_intents/{paid['id']}").json()
    expanded = {"expand[]": "data.latest_charge", "limit": "1"}
    listed = ask("2025-02-24.acacia", "GET", "payment_intents", **expanded).json()

    assert "invoice" not in paid
    assert old["invoice"] is None
    assert listed["data"][0]["latest_charge"]["invoice"] is None


def test_capture_is_asynchronous_by_default_since_2024_04_10(ask):
    modes = [
        ask(version, "POST", "payment_intents", amount="1500", currency="eur").json()
        for version in ("2023-10-16", "2024-04-10")
    ]

    assert [intent["capture_method"] for intent in modes] == ["automatic", "automatic_async"]


def test_payment_methods_are_automatic_by_default_since_2023_08_16(ask):
    old, new = (
        ask(version, "POST", "payment_intents", amount="1500", currency="eur").json()
        for version in ("2022-11-15", "2023-08-16")
    )

    assert old["automatic_payment_methods"] is None
    assert new["automatic_payment_methods"] == {"allow_redirects": "always", "enabled": True}


def test_customer_holds_its_lists_before_2020_08_27(ask):
    new = ask("2020-08-27", "POST", "customers", email="fan@example.com").json()
    old = ask("2020-03-02", "GET", f"customers/{new['id']}").json()

    assert old.keys() - new.keys() == {"sources", "subscriptions", "tax_ids"}
    assert old["subscriptions"]["data"] == []


def test_search_is_refused_before_2020_08_27(ask):
    query = {"query": "status:'succeeded'"}

    assert ask("2020-08-27", "GET", "payment_intents/search", **query).status_code == 200
    refused = ask("2020-03-02", "GET", "payment_intents/search", **query)
    assert refused.status_code == 400
    assert "not supported on api version 2020-03-02" in refused.json()["error"]["message"]


def test_decline_shows_the_payment_in_the_version_of_the_request(ask):
    declined = PAY | {"payment_method": "pm_card_chargeDeclined"}

    new = ask("2022-11-15", "POST", "payment_intents", **declined).json()["error"]
    old = ask("2022-08-01", "POST", "payment_intents", **declined).json()["error"]

    assert "charges" not in new["payment_intent"]
    assert old["payment_intent"]["charges"]["data"][0]["status"] == "failed"
