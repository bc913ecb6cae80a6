"""Customers: https://docs.stripe.com/api/customers."""

from sandbox.state import Document
from sandbox.stripe.account import Call, merged_metadata, random_letters, shown
from sandbox.stripe.listing import list_page
from sandbox.stripe.published import nulls

_KEPT = ("address", "description", "email", "name", "phone", "shipping")


def create_customer(call: Call) -> Document:
    """Create a customer; every field is optional."""
    customer = nulls("customer") | {
        "id": f"cus_{random_letters(14)}",
        "object": "customer",
        "balance": call.params.get("balance") or 0,
        "created": call.now,
        "currency": None,
        "delinquent": False,
        "invoice_prefix": random_letters(8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": merged_metadata({}, call.params.get("metadata", {})),
        "next_invoice_sequence": 1,
        "preferred_locales": call.params.get("preferred_locales") or [],
        "tax_exempt": call.params.get("tax_exempt") or "none",
    }
    customer |= {name: call.params[name] for name in _KEPT if name in call.params}
    call.account.customers.put(customer["id"], customer)
    call.record("customer.created", customer)
    return customer


def get_customer(call: Call) -> Document:
    return call.find(call.account.customers, call.ids["customer"], "customer")


def update_customer(call: Call) -> Document:
    """Change the given fields; metadata is merged key by key."""
    customer = get_customer(call)
    before = shown(customer)
    customer |= {name: call.params[name] for name in _KEPT if name in call.params}
    if "metadata" in call.params:
        customer["metadata"] = merged_metadata(customer["metadata"], call.params["metadata"])
    changed = {key: value for key, value in before.items() if customer[key] != value}
    call.account.customers.put(customer["id"], customer)
    if changed:
        call.record("customer.updated", customer, **changed)
    return customer


def list_customers(call: Call) -> Document:
    """Return customers newest first, perhaps of one address."""
    email = call.params.get("email")
    wanted = (
        customer
        for customer in call.account.customers.newest()
        if email in (None, customer["email"])
    )
    return list_page(call, wanted, "/v1/customers")
