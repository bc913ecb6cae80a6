"""A ban keeps a person from buying; money paid while it fell goes back. On PostgreSQL."""

from itertools import permutations
from uuid import UUID, uuid4

import httpx
import pytest

from libs.events.access import BanLifted, PersonBanned
from libs.permissions.views import BanList
from services.checkout.payments.provider.protocol import PaymentStatus
from services.checkout.tests.builders import about, free, terms
from services.checkout.tests.conftest import Shop, Visitor

BUYER, SPACE, BAN = uuid4(), uuid4(), uuid4()


def ban(shop: Shop, person_id: UUID = BUYER, space_id: UUID = SPACE) -> None:
    told = PersonBanned(space_id=space_id, person_id=person_id, reason_code="spam")
    shop.hear(told, BAN)


def lift(shop: Shop) -> None:
    shop.hear(BanLifted(space_id=SPACE, person_id=BUYER), BAN)


@pytest.mark.parametrize("frozen", [terms(), free()], ids=["paid", "free"])
async def test_banned_person_buys_nothing_until_the_ban_is_lifted(
    shop: Shop, http: httpx.AsyncClient, frozen: object
) -> None:
    pass_id = shop.offer(frozen, space_id=SPACE).pass_id  # type: ignore[arg-type]
    buyer, other = Visitor(http, BUYER), Visitor(http, uuid4())
    wanted = {"pass_id": str(pass_id)}
    ban(shop)

    shown = (await buyer.ask("GET", f"/passes/{pass_id}/sale")).json()
    refused = await buyer.ask("POST", "/orders", wanted)
    opened = shop.count("checkout.order.opened")
    sold = await other.ask("POST", "/orders", wanted)
    lift(shop)
    later = await buyer.ask("POST", "/orders", wanted)

    assert shown["state"] == "banned"
    assert (refused.status_code, refused.json()["code"], opened) == (409, "banned", 0)
    assert (sold.status_code, later.status_code) == (201, 201)


async def test_banned_person_buys_in_another_space(shop: Shop, http: httpx.AsyncClient) -> None:
    pass_id = shop.offer(terms(), space_id=SPACE).pass_id
    ban(shop, space_id=uuid4())

    sold = await Visitor(http, BUYER).ask("POST", "/orders", {"pass_id": str(pass_id)})

    assert sold.status_code == 201


@pytest.mark.parametrize("banned", [True, False])
async def test_payment_during_a_ban_is_returned(shop: Shop, banned: bool) -> None:
    pass_id = shop.offer(terms(stock=1), space_id=SPACE).pass_id
    order_id = shop.buy(pass_id, BUYER)
    shop.ensure(order_id)
    if banned:
        ban(shop)
    shop.provider.pay("pi_1")

    shop.settle(order_id)
    await shop.work()

    back = [refund.amount_minor for refund in shop.provider.payments["pi_1"].refunds]
    if not banned:
        assert (shop.order(order_id)["status"], back) == ("fulfilled", [])
        return
    (told,) = shop.rows(
        "SELECT convert_from(state, 'UTF8')::jsonb ->> 'purpose' AS cause FROM events"
        " WHERE topic = 'checkout.payment.refunded'"
    )
    assert (shop.order(order_id)["status"], back) == ("returned", [1990])
    assert told["cause"] == "banned"
    assert shop.stock(pass_id) == (1, 0, 0)


async def test_payment_captured_after_the_ban_is_returned(shop: Shop) -> None:
    order_id = shop.buy(shop.offer(terms(stock=1), space_id=SPACE).pass_id, BUYER)
    shop.ensure(order_id)
    shop.provider.tell("pi_1", status=PaymentStatus.PROCESSING)
    shop.settle(order_id)
    ban(shop)
    shop.provider.pay("pi_1")

    for _ in range(10):
        shop.pass_time(minutes=1)
        await shop.work()

    assert shop.order(order_id)["status"] == "returned"
    assert [r.amount_minor for r in shop.provider.payments["pi_1"].refunds] == [1990]


@pytest.mark.parametrize(
    ("paid_after_min", "goes_back"), [(1, True), (0, False)], ids=["after the ban", "before"]
)
async def test_payment_between_a_ban_and_its_event_is_refunded(
    shop: Shop, paid_after_min: int, goes_back: bool
) -> None:
    order_id = shop.buy(shop.offer(terms(stock=1), space_id=SPACE).pass_id, BUYER)
    shop.ensure(order_id)
    shop.pass_time(minutes=paid_after_min)
    shop.provider.pay("pi_1")
    shop.settle(order_id)

    ban(shop)
    await shop.work()

    back = [refund.amount_minor for refund in shop.provider.payments["pi_1"].refunds]
    assert back == ([1990] if goes_back else [])
    assert shop.order(order_id)["status"] == ("refunded" if goes_back else "fulfilled")


def test_the_list_of_bans_is_the_same_in_whatever_order_it_is_heard(shop: Shop) -> None:
    banned = PersonBanned(space_id=SPACE, person_id=BUYER, reason_code="spam")
    lifted = BanLifted(space_id=SPACE, person_id=BUYER)
    seen = []

    for order in permutations([(banned, 2), (lifted, 3)]):
        shop.rows("DELETE FROM ban_list")
        for contract, version in order:
            shop.store.query(
                lambda curs, c=contract, v=version: BanList().apply(c, about(c, BAN, v), curs)
            )
        seen.append(shop.rows("SELECT * FROM ban_list"))

    assert seen[0] == seen[1]
    assert [(row["banned"], row["version"]) for row in seen[0]] == [(False, 3)]
