"""What the services answer, for tests to start from."""

from typing import Any

SPACE_ID = "0c7d7b5e-0000-5000-8000-000000000001"
LIVE_ID = "0c7d7b5e-0000-5000-8000-000000000002"
CHAT_ID = "0c7d7b5e-0000-5000-8000-000000000003"
PASS_ID = "0c7d7b5e-0000-5000-8000-000000000004"
STREAM_ID = "0c7d7b5e-0000-5000-8000-000000000005"
GRANT_ID = "0c7d7b5e-0000-5000-8000-000000000006"
MEMBER_ID = "0c7d7b5e-0000-5000-8000-000000000007"

TERMS: dict[str, Any] = {
    "pricing_type": "one_time",
    "currency": "EUR",
    "currency_exponent": 2,
    "price_minor": 1990,
    "initial_fee_minor": 0,
    "billing_period": "lifetime",
    "trial_days": 0,
    "stock": 50,
    "stock_mode": "editions",
    "auto_expire_at": None,
    "expires_after_days": None,
    "waitlist": False,
    "waitlist_questions": [],
    "redirect_url": None,
    "cancellation_discount_percent": 0,
    "split_payments": False,
    "max_split_payments": 1,
    "sale_starts_at": "2026-03-01T09:00:00Z",
    "sale_ends_at": None,
    "refund_policy": "",
}


def an_offer(**changed: Any) -> dict[str, Any]:
    offer = {"name": "Season", "description": "All of it", "experience_ids": [LIVE_ID]}
    return offer | {"terms": TERMS} | changed


def a_pass(**changed: Any) -> dict[str, Any]:
    return {
        **an_offer(),
        "pass_id": PASS_ID,
        "space_id": SPACE_ID,
        "slug": "season",
        "status": "published",
        "version": 2,
        "version_id": PASS_ID,
        "version_number": 1,
        "published_at": "2026-03-01T12:00:00Z",
        "draft": an_offer(),
        "has_changes": False,
        "checklist": [],
        **changed,
    }


def a_space(**changed: Any) -> dict[str, Any]:
    return {
        "space_id": SPACE_ID,
        "slug": "anna",
        "name": "Anna <plays>",
        "description": "",
        "status": "published",
        "visibility": "public",
        "currency": "EUR",
        "currency_exponent": 2,
        "time_zone": "Europe/Vienna",
        "owner_id": MEMBER_ID,
        "version": 4,
        "role": "owner",
        "owner": {"username": "anna", "display_name": "Anna"},
        "experiences": [
            {"experience_id": LIVE_ID, "slug": "live", "name": "Concerts", "kind": "live"},
            {"experience_id": CHAT_ID, "slug": "chat", "name": "Green room", "kind": "chat"},
        ],
        "passes": [a_pass()],
        **changed,
    }


def a_member(**changed: Any) -> dict[str, Any]:
    grant = {"grant_id": GRANT_ID, "status": "active"}
    return {
        "person_id": MEMBER_ID,
        "experience_ids": [LIVE_ID],
        "since": "2026-03-02T12:00:00Z",
        "reason": "purchase",
        "status": "active",
        "grants": [grant],
        **changed,
    }


def a_stream(state: str = "live") -> dict[str, Any]:
    return {
        "state": state,
        "experience_id": LIVE_ID,
        "stream_id": STREAM_ID,
        "started_at": "2026-03-02T12:00:00Z",
        "ended_at": "2026-03-02T13:00:00Z" if state == "ended" else None,
        "recording": "requested",
    }
