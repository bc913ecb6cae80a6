"""What memberships do on PostgreSQL: the team takes them away, they expire, they are restored."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from libs.events.access import GrantRevoked
from services.checkout.memberships.membership import Membership
from services.checkout.tests.builders import NOON, free, terms
from services.checkout.tests.conftest import Shop, Visitor

BUYER, SPACE = uuid4(), uuid4()


def revoked(order_id: UUID, experience_id: UUID, cause: str = "creator") -> GrantRevoked:
    return GrantRevoked(
        grant_id=uuid4(),
        source_id=Membership.create_id(order_id),
        source_version=1,
        person_id=BUYER,
        experience_id=experience_id,
        space_id=SPACE,
        cause=cause,
    )


async def test_removed_person_buys_the_pass_again(shop: Shop, http: httpx.AsyncClient) -> None:
    offered = shop.offer(free(), space_id=SPACE)
    buyer, wanted = Visitor(http, BUYER), {"pass_id": str(offered.pass_id)}
    first = (await buyer.ask("POST", "/orders", wanted)).json()

    async def state() -> str:
        return str((await buyer.ask("GET", f"/passes/{offered.pass_id}/sale")).json()["state"])

    states = [await state()]
    for number, experience_id in enumerate(offered.experience_ids, 1):
        shop.hear(revoked(UUID(first["order_id"]), experience_id), uuid4())
        states.append(await state())
        assert states[-1] == ("on_sale" if number == len(offered.experience_ids) else "owned")
    again = await buyer.ask("POST", "/orders", wanted)

    assert states[0] == "owned"
    assert (again.status_code, again.json()["status"]) == (201, "fulfilled")
    assert again.json()["order_id"] != first["order_id"]
    assert await state() == "owned"


@pytest.mark.parametrize("cause", ["refund", "lost"])
async def test_grants_revoked_by_refund_or_loss_are_no_removal(
    shop: Shop, http: httpx.AsyncClient, cause: str
) -> None:
    offered = shop.offer(free(), space_id=SPACE)
    buyer = Visitor(http, BUYER)
    order = (await buyer.ask("POST", "/orders", {"pass_id": str(offered.pass_id)})).json()

    for experience_id in offered.experience_ids:
        shop.hear(revoked(UUID(order["order_id"]), experience_id, cause), uuid4())
    shown = (await buyer.ask("GET", f"/passes/{offered.pass_id}/sale")).json()

    assert shown["state"] == "owned"


def membership(shop: Shop, order_id: UUID) -> dict[str, Any]:
    return shop.row("SELECT * FROM membership_list WHERE order_id = %s", order_id)


def test_revoked_comp_changes_no_membership(shop: Shop) -> None:
    order_id = shop.buy(shop.offer(free()).pass_id)

    shop.hear(revoked(uuid4(), uuid4()), uuid4())

    assert membership(shop, order_id)["version"] == 1


def test_redelivered_removal_changes_nothing(shop: Shop) -> None:
    offered = shop.offer(free(), space_id=SPACE)
    order_id = shop.buy(offered.pass_id, BUYER)

    for _ in range(2):
        for experience_id in offered.experience_ids:
            shop.hear(revoked(order_id, experience_id), uuid4())

    assert membership(shop, order_id)["state"] == "ended"
    assert shop.count("checkout.membership.ended") == 1
    assert shop.count("checkout.membership.experience_removed") == len(offered.experience_ids)


async def test_a_membership_expires_by_itself_and_its_owner_buys_again(shop: Shop) -> None:
    pass_id = shop.offer(free(expires_after_days=1)).pass_id
    first = shop.buy(pass_id, BUYER)
    await shop.work()
    before = membership(shop, first)["state"]

    shop.pass_time(days=1)
    owned_no_longer = shop.buy(pass_id, BUYER)
    await shop.work()

    assert before == "active"
    assert membership(shop, first)["state"] == "ended"
    assert membership(shop, owned_no_longer)["state"] == "active"
    assert shop.order(first)["status"] == "fulfilled"
    ends = shop.rows("SELECT due_at FROM schedule WHERE kind = 'membership_expires'")
    assert [row["due_at"] for row in ends] == [NOON + timedelta(days=2)]


async def test_clock_moved_back_ends_no_membership_early(shop: Shop) -> None:
    order_id = shop.buy(shop.offer(free(expires_after_days=1)).pass_id)
    early = Membership.create_id(order_id)

    shop.store.work(shop.cause(), lambda: shop.checkout.memberships.expire(early))
    unharmed = membership(shop, order_id)["state"]
    shop.pass_time(days=1)
    await shop.work()

    assert (unharmed, membership(shop, order_id)["state"]) == ("active", "ended")


@pytest.mark.parametrize("over", ["expired", "removed"])
async def test_failed_refund_of_an_ended_membership_is_sent_again(shop: Shop, over: str) -> None:
    offered = shop.offer(terms(stock=1, expires_after_days=1), space_id=SPACE)
    order_id = shop.buy(offered.pass_id, BUYER)
    shop.ensure(order_id)
    shop.provider.pay("pi_1")
    shop.settle(order_id)
    if over == "expired":
        shop.pass_time(days=1)
    else:
        for experience_id in offered.experience_ids:
            shop.hear(revoked(order_id, experience_id), uuid4())
    await shop.work()
    ended = membership(shop, order_id)["state"]
    shop.store.work(
        shop.cause(),
        lambda: shop.checkout.refunds.request_refund(uuid4(), order_id, None, "creator"),
    )
    await shop.work()
    (refund,) = shop.provider.payments["pi_1"].refunds
    shop.provider.fail_refund("pi_1", refund.refund_id)
    shop.settle_again("pi_1")
    shop.pass_time(minutes=6)
    await shop.work()

    (again,) = shop.provider.payments["pi_1"].refunds
    assert ended == "ended"
    assert again.refund_id != refund.refund_id
    assert (membership(shop, order_id)["state"], shop.stock(offered.pass_id)) == (
        "refunded",
        (1, 0, 0),
    )
    assert shop.count("checkout.membership.restored") == 0
