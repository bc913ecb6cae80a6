"""Older versions of Stripe's API: https://docs.stripe.com/changelog.

Documents are kept in the shape of the newest version. `in_version` undoes the breaking changes
that came after the version of a request. Versions before 2019-02-11 get that version's shapes.
"""

from typing import Any

from sandbox.state import Document
from sandbox.stripe import problems
from sandbox.stripe.account import Account, shown
from sandbox.stripe.listing import first_page
from sandbox.stripe.published import VERSION, VERSIONS

AUTOMATIC_PAYMENT_METHODS = "2023-08-16"
ASYNC_CAPTURE = "2024-04-10"
SEARCH = "2020-08-27"
_NO_INVOICE_OF_PAYMENTS = "2025-03-31.basil"
_LATEST_CHARGE_ONLY = "2022-11-15"
_SLIM_CUSTOMERS = "2020-08-27"
_CUSTOMER_LISTS = ("sources", "subscriptions", "tax_ids")


def requested_version(given: str) -> str:
    """Return the version of a request, by default the account's. Refuses an unknown one."""
    if not given:
        return VERSION
    if given not in VERSIONS:
        raise problems.invalid(f"Invalid Stripe API version: {given}", begun=False)
    return given


def in_version(account: Account, document: Any, version: str) -> Any:
    """Return a document, with all documents in it, in the shape of a version."""
    if isinstance(document, list):
        return [in_version(account, item, version) for item in document]
    if not isinstance(document, dict):
        return document
    inner = {key: in_version(account, value, version) for key, value in document.items()}
    return _older(account, inner, version)


def _older(account: Account, document: Document, version: str) -> Document:
    noun = document.get("object")
    if noun in ("charge", "payment_intent") and version < _NO_INVOICE_OF_PAYMENTS:
        document.setdefault("invoice", None)
    if noun == "charge" and version < _LATEST_CHARGE_ONLY:
        document.setdefault("refunds", _refunds_of(account, document["id"], version))
    if noun == "payment_intent" and version < _LATEST_CHARGE_ONLY:
        document.setdefault("charges", _charges_of(account, document, version))
    if noun == "customer" and version < _SLIM_CUSTOMERS:
        url = f"/v1/customers/{document['id']}"
        for name in _CUSTOMER_LISTS:
            document.setdefault(name, first_page([], f"{url}/{name}") | {"total_count": 0})
    return document


def _refunds_of(account: Account, charge_id: str, version: str) -> Document:
    mine = [refund for refund in account.refunds.newest() if refund["charge"] == charge_id]
    page = first_page(mine, f"/v1/charges/{charge_id}/refunds")
    return dict(in_version(account, page, version)) | {"total_count": len(mine)}


def _charges_of(account: Account, intent: Document, version: str) -> Document:
    """Return the list that held only the latest charge, even after several attempts."""
    latest = intent["latest_charge"]
    charge_id = latest["id"] if isinstance(latest, dict) else latest
    charge = account.charges.get(charge_id) if charge_id else None
    charges = [] if charge is None else [in_version(account, shown(charge), version)]
    page = first_page(charges, f"/v1/charges?payment_intent={intent['id']}")
    return page | {"total_count": len(charges)}
