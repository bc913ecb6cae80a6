"""Events, listed for those who missed their webhooks: https://docs.stripe.com/api/events."""

from fnmatch import fnmatchcase

from sandbox.state import Document
from sandbox.stripe.account import Call
from sandbox.stripe.listing import list_page


def get_event(call: Call) -> Document:
    return call.find(call.account.events, call.ids["id"], "event")


def list_events(call: Call) -> Document:
    """Return events newest first, by type (`charge.*`), types, time or state of delivery."""
    kinds = call.params.get("types") or [call.params.get("type") or "*"]
    delivered = call.params.get("delivery_success")
    wanted = (
        event
        for event in call.account.events.newest()
        if any(fnmatchcase(event["type"], kind) for kind in kinds)
        and delivered in (None, event["pending_webhooks"] == 0)
    )
    return list_page(call, wanted, "/v1/events")
