"""Every route, for no one, a stranger, a member, another creator and the owner."""

import json
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import stripe

from libs.events.catalog import TeamMemberAdded
from services.checkout.memberships.membership import Membership
from services.checkout.payments.provider.protocol import (
    PaymentImpossible,
    ProviderRefund,
    ProviderSilent,
)
from services.checkout.tests.builders import MINUTE, NOON, an_end, free, terms
from services.checkout.tests.conftest import Shop, Visitor

OWNER, MEMBER, STRANGER, OTHER_CREATOR = uuid4(), uuid4(), uuid4(), uuid4()
SPACE = uuid4()


@pytest.fixture
def visit(http: httpx.AsyncClient) -> Callable[[UUID | None], Visitor]:
    return lambda person_id: Visitor(http, person_id)


Visit = Callable[[UUID | None], Visitor]


def a_sold_pass(shop: Shop, frozen: Any = None) -> UUID:
    """A pass of OWNER's space that MEMBER has bought; OTHER_CREATOR has a space of their own."""
    published = shop.offer(frozen or terms(stock=5), OWNER, space_id=SPACE)
    shop.offer(terms(), OTHER_CREATOR)
    shop.bought = shop.buy(published.pass_id, MEMBER)
    shop.ensure(shop.bought)
    shop.provider.pay("pi_1")
    shop.settle(shop.bought)
    return published.pass_id


ROLES = {
    "no one": None,
    "a stranger": STRANGER,
    "a member": MEMBER,
    "another creator": OTHER_CREATOR,
    "the owner": OWNER,
}


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("POST", "/orders", {"pass_id": "PASS"}, (401, 201, 409, 201, 409)),
        ("GET", "/orders/mine", None, (401, 200, 200, 200, 200)),
        ("GET", "/orders/ORDER", None, (401, 404, 200, 404, 404)),
        ("POST", "/orders/ORDER/settle", None, (401, 404, 200, 404, 404)),
        ("GET", "/passes/PASS/sale", None, (200, 200, 200, 200, 200)),
        ("POST", "/orders/ORDER/refund", {}, (401, 404, 403, 404, 202)),
        ("GET", f"/spaces/{SPACE}/purchases", None, (401, 403, 403, 403, 200)),
        ("GET", f"/spaces/{SPACE}/numbers", None, (401, 403, 403, 403, 200)),
    ],
)
async def test_each_route_lets_in_whom_it_should(
    shop: Shop,
    visit: Visit,
    method: str,
    path: str,
    body: Any,
    expected: tuple[int, ...],
) -> None:
    pass_id = a_sold_pass(shop)
    path = path.replace("PASS", str(pass_id)).replace("ORDER", str(shop.bought))
    body = {k: str(pass_id) if v == "PASS" else v for k, v in body.items()} if body else body

    answers = {
        role: (await visit(person).ask(method, path, body)).status_code
        for role, person in ROLES.items()
    }

    assert answers == dict(zip(ROLES, expected, strict=True))


def test_no_route_is_missing_from_the_table_of_roles(shop: Shop) -> None:
    known = {
        "/orders",
        "/orders/mine",
        "/orders/{order_id}",
        "/orders/{order_id}/settle",
        "/orders/{order_id}/refund",
        "/passes/{pass_id}/sale",
        "/spaces/{space_id}/purchases",
        "/spaces/{space_id}/numbers",
        "/webhooks/stripe",
    }

    assert set(shop.service.app.openapi()["paths"]) == known


async def test_a_stranger_buys_and_gets_what_the_payment_form_needs(
    shop: Shop, visit: Visit
) -> None:
    pass_id = shop.offer(terms(stock=1)).pass_id

    answer = await visit(STRANGER).ask("POST", "/orders", {"pass_id": str(pass_id)})

    order = answer.json()
    assert answer.status_code == 201
    assert order["payment"] == {"client_secret": "pi_1_secret", "publishable_key": "pk_test_tests"}
    assert (order["status"], order["total_minor"], order["currency_exponent"]) == ("open", 1990, 2)
    assert order["payment_pending"] is False


async def test_a_double_click_is_one_order(shop: Shop, visit: Visit) -> None:
    pass_id = str(shop.offer(terms(stock=2)).pass_id)
    buyer = visit(STRANGER)

    first = await buyer.ask("POST", "/orders", {"pass_id": pass_id}, key="one")
    again = await buyer.ask("POST", "/orders", {"pass_id": pass_id}, key="one")
    second_tab = await buyer.ask("POST", "/orders", {"pass_id": pass_id}, key="two")

    assert len({a.json()["order_id"] for a in (first, again, second_tab)}) == 1
    assert len(shop.provider.payments) == 1


async def test_one_key_for_an_order_and_a_refund_is_two_commands(shop: Shop, visit: Visit) -> None:
    a_sold_pass(shop)
    other = str(shop.offer(terms(stock=3)).pass_id)
    owner = visit(OWNER)

    await owner.ask("POST", "/orders", {"pass_id": other}, key="k")
    refund = await owner.ask("POST", f"/orders/{shop.bought}/refund", {}, key="k")

    assert refund.status_code == 202
    assert shop.count("checkout.payment.refund_requested") == 1


async def test_a_key_that_was_used_for_another_pass_is_refused(shop: Shop, visit: Visit) -> None:
    first, second = (str(shop.offer(terms(stock=2)).pass_id) for _ in range(2))
    buyer = visit(STRANGER)

    bought = await buyer.ask("POST", "/orders", {"pass_id": first}, key="k")
    reused = await buyer.ask("POST", "/orders", {"pass_id": second}, key="k")
    again = await buyer.ask("POST", "/orders", {"pass_id": first}, key="k")

    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")
    assert again.json()["order_id"] == bought.json()["order_id"]
    assert shop.count("checkout.order.opened") == 1


async def test_nothing_to_pay_needs_no_payment_form(shop: Shop, visit: Visit) -> None:
    pass_id = str(shop.offer(free()).pass_id)

    order = (await visit(STRANGER).ask("POST", "/orders", {"pass_id": pass_id})).json()

    assert (order["status"], order["payment"]) == ("fulfilled", None)
    assert shop.provider.asked == []


async def test_silent_provider_is_asked_again_at_the_next_look(shop: Shop, visit: Visit) -> None:
    pass_id = str(shop.offer(terms()).pass_id)
    shop.provider.faults = [ProviderSilent("down")]
    buyer = visit(STRANGER)

    order = (await buyer.ask("POST", "/orders", {"pass_id": pass_id})).json()
    later = (await buyer.ask("GET", f"/orders/{order['order_id']}")).json()

    assert (order["status"], order["payment"], order["payment_pending"]) == ("open", None, True)
    assert later["payment"]["client_secret"] == "pi_1_secret"


async def test_impossible_payment_is_reported_with_the_providers_code(
    shop: Shop, visit: Visit
) -> None:
    pass_id = str(shop.offer(terms(price_minor=1)).pass_id)
    shop.provider.faults = [PaymentImpossible("amount_too_small")]

    answer = await visit(STRANGER).ask("POST", "/orders", {"pass_id": pass_id})

    assert answer.status_code == 502
    assert (answer.json()["code"], answer.json()["detail"]) == (
        "payment_impossible",
        "amount_too_small",
    )


@pytest.mark.parametrize(
    ("frozen", "code", "state"),
    [
        (terms(stock=0), "sold_out", "sold_out"),
        (terms(sale_starts_at=NOON + MINUTE), "not_yet_on_sale", "not_yet"),
        (terms(sale_ends_at=NOON), "sale_ended", "ended"),
        (terms(waitlist=True), "waitlist_only", "waitlist"),
        (
            terms(pricing_type="recurring", billing_period="monthly"),
            "recurring_not_available",
            "not_available",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_page_and_purchase_refuse_alike(
    shop: Shop, visit: Visit, frozen: Any, code: str, state: str
) -> None:
    pass_id = shop.offer(frozen).pass_id
    buyer = visit(STRANGER)

    refused = await buyer.ask("POST", "/orders", {"pass_id": str(pass_id)})
    shown = await buyer.ask("GET", f"/passes/{pass_id}/sale")

    assert (refused.status_code, refused.json()["code"]) == (409, code)
    assert shown.json()["state"] == state
    assert shop.count("checkout.order.opened") == 0


async def test_archived_owned_own_and_unknown_have_their_codes(shop: Shop, visit: Visit) -> None:
    pass_id = a_sold_pass(shop)

    async def codes(person: UUID, pass_id: UUID) -> str:
        return str(
            (await visit(person).ask("POST", "/orders", {"pass_id": str(pass_id)})).json()["code"]
        )

    assert await codes(MEMBER, pass_id) == "already_owned"
    assert await codes(OWNER, pass_id) == "own_space"
    assert await codes(STRANGER, uuid4()) == "pass_not_found"
    archived = shop.offer(terms())
    shop.hear(an_end(archived), archived.pass_id)
    assert await codes(STRANGER, archived.pass_id) == "pass_not_for_sale"


async def test_the_sale_tells_how_many_are_left_and_which_order_is_mine(
    shop: Shop, visit: Visit
) -> None:
    pass_id = a_sold_pass(shop)
    pending = shop.buy(pass_id, STRANGER)
    path = f"/passes/{pass_id}/sale"

    shown = {role: (await visit(person).ask("GET", path)).json() for role, person in ROLES.items()}

    nothing = {"left": 3, "order_id": None, "membership_id": None}
    assert shown["no one"] == nothing | {"state": "on_sale"}
    assert shown["a stranger"] == nothing | {"state": "pending", "order_id": str(pending)}
    owned = shown["a member"]
    assert owned["state"] == "owned"
    assert owned["membership_id"] == str(Membership.create_id(UUID(owned["order_id"])))
    assert shown["the owner"]["state"] == "own_space"


async def test_the_return_page_settles(shop: Shop, visit: Visit) -> None:
    pass_id = str(shop.offer(terms(stock=1)).pass_id)
    buyer = visit(STRANGER)
    order_id = (await buyer.ask("POST", "/orders", {"pass_id": pass_id}, "k")).json()["order_id"]
    shop.provider.pay("pi_1")

    settled = (await buyer.ask("POST", f"/orders/{order_id}/settle", key="k")).json()

    assert (settled["status"], settled["payment"]) == ("fulfilled", None)


async def test_the_return_page_survives_a_silent_provider(shop: Shop, visit: Visit) -> None:
    pass_id = str(shop.offer(terms(stock=1)).pass_id)
    buyer = visit(STRANGER)
    order_id = (await buyer.ask("POST", "/orders", {"pass_id": pass_id})).json()["order_id"]
    shop.provider.faults = [ProviderSilent("down")]

    answer = await buyer.ask("POST", f"/orders/{order_id}/settle")

    assert (answer.status_code, answer.json()["status"]) == (200, "open")


async def test_receipts_are_those_of_purchases_and_not_of_attempts(
    shop: Shop, visit: Visit
) -> None:
    a_sold_pass(shop)

    (receipt,) = (await visit(MEMBER).ask("GET", "/orders/mine")).json()

    assert (receipt["status"], receipt["pass_name"]) == ("fulfilled", "Season pass")
    assert (await visit(STRANGER).ask("GET", "/orders/mine")).json() == []


async def test_the_team_sees_purchases_and_numbers_per_currency(shop: Shop, visit: Visit) -> None:
    a_sold_pass(shop)
    yen = shop.offer(terms(currency="JPY", currency_exponent=0, price_minor=1500), space_id=SPACE)
    other = shop.buy(yen.pass_id)
    shop.ensure(other)
    shop.provider.pay("pi_2")
    shop.settle(other)
    owner = visit(OWNER)

    purchases = (await owner.ask("GET", f"/spaces/{SPACE}/purchases?limit=10")).json()
    numbers = (await owner.ask("GET", f"/spaces/{SPACE}/numbers")).json()

    assert {p["person_id"] for p in purchases} >= {str(MEMBER)}
    assert [(c["currency"], c["gross_minor"], c["net_minor"]) for c in numbers["currencies"]] == [
        ("EUR", 1990, 1990),
        ("JPY", 1500, 1500),
    ]
    assert sorted(p["left"] or -1 for p in numbers["passes"]) == [-1, 4]


@pytest.mark.parametrize(
    ("role", "purchases", "numbers", "refund"),
    [("analyst", 403, 200, 403), ("support", 200, 403, 202), ("moderator", 403, 403, 403)],
)
async def test_each_role_sees_and_refunds_what_the_table_of_permissions_says(
    role: str, purchases: int, numbers: int, refund: int, shop: Shop, visit: Visit
) -> None:
    a_sold_pass(shop)
    colleague = uuid4()
    shop.hear(TeamMemberAdded(space_id=SPACE, person_id=colleague, role=role), SPACE)
    visitor = visit(colleague)

    seen = await visitor.ask("GET", f"/spaces/{SPACE}/purchases")
    counted = await visitor.ask("GET", f"/spaces/{SPACE}/numbers")
    refunded = await visitor.ask("POST", f"/orders/{shop.bought}/refund", {})

    assert (seen.status_code, counted.status_code) == (purchases, numbers)
    assert refunded.status_code == refund
    assert refund == 202 or refunded.json()["code"] == "role_not_allowed"


async def test_the_owner_refunds_in_parts_and_the_last_one_ends_the_purchase(
    shop: Shop, visit: Visit
) -> None:
    pass_id = a_sold_pass(shop)
    owner, path = visit(OWNER), f"/orders/{shop.bought}/refund"

    first = await owner.ask("POST", path, {"amount_minor": 990}, key="r1")
    again = await owner.ask("POST", path, {"amount_minor": 990}, key="r1")
    too_much = await owner.ask("POST", path, {"amount_minor": 1001})
    await shop.work()
    rest = await owner.ask("POST", path, {})
    await shop.work()

    assert first.json()["refund_id"] == again.json()["refund_id"]
    assert (too_much.status_code, too_much.json()["code"]) == (422, "refund_exceeds_payment")
    assert rest.status_code == 202
    refunds = shop.provider.payments["pi_1"].refunds
    assert [r.amount_minor for r in refunds] == [990, 1000]
    assert shop.stock(pass_id) == (5, 0, 0)
    member = visit(MEMBER)
    assert (await member.ask("GET", f"/passes/{pass_id}/sale")).json()["state"] == "on_sale"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/orders", {"pass_id": "none"}),
        ("/orders", {}),
        (f"/orders/{uuid4()}/refund", {"amount_minor": 0}),
        (f"/orders/{uuid4()}/refund", {"amount_minor": 10, "cause": "because"}),
    ],
)
async def test_bad_input_is_told_by_field(visit: Visit, path: str, body: Any) -> None:
    answer = await visit(STRANGER).ask("POST", path, body)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"][0]["field"]


# The webhook

SIGNED_WITH = "whsec_new"


def an_event(intent: str = "pi_1", type_: str = "payment_intent.succeeded") -> dict[str, Any]:
    return {
        "id": f"evt_{uuid4().hex}",
        "object": "event",
        "type": type_,
        "data": {"object": {"id": intent, "object": "payment_intent", "status": "succeeded"}},
    }


async def deliver(
    http: httpx.AsyncClient, event: Any, secret: str = SIGNED_WITH, age_s: int = 0
) -> httpx.Response:
    body = event if isinstance(event, str) else json.dumps(event)
    header = stripe.WebhookSignature.generate_signature_header(
        body, secret, int(time.time()) - age_s
    )
    return await http.post("/webhooks/stripe", content=body, headers={"Stripe-Signature": header})


async def test_a_signed_webhook_is_stored_then_followed_up(
    shop: Shop, http: httpx.AsyncClient
) -> None:
    order_id = shop.buy(shop.offer(terms(stock=1)).pass_id)
    shop.ensure(order_id)
    shop.provider.pay("pi_1")

    answer = await deliver(http, an_event())
    assert shop.order(order_id)["status"] == "open"
    await shop.work()

    assert answer.status_code == 200
    assert shop.order(order_id)["status"] == "fulfilled"
    assert shop.row("SELECT outcome FROM webhook_inbox")["outcome"] == "settled"


async def test_webhook_body_is_not_believed(shop: Shop, http: httpx.AsyncClient) -> None:
    order_id = shop.buy(shop.offer(terms(stock=1)).pass_id)
    shop.ensure(order_id)

    await deliver(http, an_event())
    await shop.work()

    assert shop.order(order_id)["status"] == "open"


async def test_redelivered_webhook_is_one_row(shop: Shop, http: httpx.AsyncClient) -> None:
    event = an_event()

    answers = [await deliver(http, event) for _ in range(3)]

    assert [a.status_code for a in answers] == [200, 200, 200]
    assert len(shop.rows("SELECT 1 FROM webhook_inbox")) == 1
    assert len(shop.rows("SELECT 1 FROM schedule WHERE kind = 'follow_hint'")) == 1


@pytest.mark.parametrize(
    "about", [{"payment_intent": "pi_\0"}, {"payment_intent": 5}, {}], ids=["NUL", "number", "none"]
)
async def test_an_event_that_names_no_payment_is_kept_and_ignored(
    shop: Shop, http: httpx.AsyncClient, about: dict[str, Any]
) -> None:
    event = an_event(type_="refund.failed") | {"data": {"object": {"object": "refund"} | about}}

    answer = await deliver(http, event)

    assert answer.status_code == 200
    assert shop.row("SELECT outcome FROM webhook_inbox")["outcome"] == "ignored"


@pytest.mark.parametrize("type_", ["refund.failed", "charge.refund.updated"])
async def test_failed_refund_arrives_by_webhook(
    shop: Shop, http: httpx.AsyncClient, type_: str
) -> None:
    order_id = shop.buy(shop.offer(terms(stock=1)).pass_id)
    shop.ensure(order_id)
    shop.provider.pay("pi_1")
    shop.provider.tell("pi_1", refunds=(ProviderRefund("re_1", 1990),))
    shop.settle(order_id)
    before = shop.order(order_id)["status"]
    shop.provider.fail_refund("pi_1", "re_1")
    refund = {"object": "refund", "id": "re_1", "payment_intent": "pi_1"}

    await deliver(http, an_event(type_=type_) | {"data": {"object": refund}})
    await shop.work()

    assert (before, shop.order(order_id)["status"]) == ("refunded", "fulfilled")


async def test_webhook_of_an_unknown_payment_is_done_at_once(
    shop: Shop, http: httpx.AsyncClient
) -> None:
    await deliver(http, an_event("pi_of_another_account"))

    await shop.work()

    assert shop.row("SELECT outcome FROM webhook_inbox")["outcome"] == "not_ours"


async def test_unhandled_webhook_types_are_stored_and_ignored(
    shop: Shop, http: httpx.AsyncClient
) -> None:
    await deliver(http, an_event(type_="invoice.paid"))

    assert shop.row("SELECT outcome FROM webhook_inbox")["outcome"] == "ignored"
    assert shop.rows("SELECT 1 FROM schedule WHERE kind = 'follow_hint'") == []


async def test_while_secrets_rotate_both_are_taken(shop: Shop, http: httpx.AsyncClient) -> None:
    answers = [await deliver(http, an_event(), secret) for secret in ("whsec_new", "whsec_old")]

    assert [a.status_code for a in answers] == [200, 200]
    assert len(shop.rows("SELECT 1 FROM webhook_inbox")) == 2


@pytest.mark.parametrize(
    "forge",
    [
        lambda http: deliver(http, an_event(), "whsec_other"),
        lambda http: deliver(http, an_event(), age_s=400),
        lambda http: http.post("/webhooks/stripe", content=b"{}"),
        lambda http: http.post(
            "/webhooks/stripe", content=b"\xff\xfe", headers={"Stripe-Signature": "t=1,v1=00"}
        ),
        lambda http: http.post(
            "/webhooks/stripe", content=b"{}", headers={"Stripe-Signature": b"t=1,v1=\xe9"}
        ),
        lambda http: deliver(http, ["not", "an", "event"]),
        lambda http: deliver(http, an_event() | {"id": "evt_\0"}),
        lambda http: deliver(http, an_event() | {"id": "evt_\ud800"}),
        lambda http: deliver(http, an_event() | {"id": 5}),
        lambda http: deliver(http, an_event() | {"type": None}),
        lambda http: deliver(http, "[" * 100_000),
    ],
    ids=[
        "other secret",
        "too old",
        "unsigned",
        "not text",
        "no ASCII signature",
        "not an event",
        "id with NUL",
        "id with half a character",
        "id is a number",
        "no type",
        "deeply nested",
    ],
)
async def test_a_forged_or_replayed_webhook_is_refused_and_not_stored(
    shop: Shop, http: httpx.AsyncClient, forge: Any
) -> None:
    answer = await forge(http)

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_signature")
    assert shop.rows("SELECT 1 FROM webhook_inbox") == []


async def test_a_webhook_over_256_kb_is_refused(shop: Shop, http: httpx.AsyncClient) -> None:
    answer = await deliver(http, {"id": "x" * 300_000})

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert shop.rows("SELECT 1 FROM webhook_inbox") == []


async def test_without_a_secret_there_is_no_webhook(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(stripe_webhook_secrets="")
    transport = httpx.ASGITransport(shop.service.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://checkout") as http:
        answer = await deliver(http, an_event())

    assert answer.status_code == 404


async def test_a_webhook_that_fails_keeps_its_error_until_it_is_handled(
    shop: Shop, http: httpx.AsyncClient
) -> None:
    order_id = shop.buy(shop.offer(terms(stock=1)).pass_id)
    shop.ensure(order_id)
    shop.provider.pay("pi_1")
    await deliver(http, an_event())
    shop.provider.faults = [ProviderSilent("down")]

    await shop.work()
    failed = shop.row("SELECT error, handled_at FROM webhook_inbox")
    shop.pass_time(seconds=1)
    await shop.work()
    handled = shop.row("SELECT error, handled_at FROM webhook_inbox")

    assert "down" in failed["error"]
    assert failed["handled_at"] is None
    assert handled["error"] is None
    assert handled["handled_at"] is not None


async def test_a_forgotten_webhook_is_found_by_the_sweeper(
    shop: Shop, http: httpx.AsyncClient
) -> None:
    order_id = shop.buy(shop.offer(terms(stock=1)).pass_id)
    shop.ensure(order_id)
    shop.provider.pay("pi_1")
    await deliver(http, an_event())
    shop.rows("DELETE FROM schedule")

    shop.pass_time(seconds=31)
    shop.store.query(lambda _: shop.webhooks.sweep())
    await shop.work()

    assert shop.order(order_id)["status"] == "fulfilled"
