"""The checker itself is checked: real damage is done, must be found, and is repaired."""

import asyncio
from uuid import UUID, uuid4

import pytest

from libs.events.contract import stream_of
from libs.runtime.messaging import bus
from ops import stores
from tests.chaos.evidence import rows_of
from tests.chaos.machine import Cycle, Machine

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.slow(120, "breaks the whole system and waits until it has settled"),
]


@pytest.fixture
def sold(machine: Machine) -> Machine:
    """The system with something sold in it, and nothing wrong."""
    if not machine.operations:
        machine.cycle("nothing", lambda _: None)
    assert not machine.look("before").violations
    return machine


def found(machine: Machine) -> Cycle:
    cycle = machine.look("damaged", patience_s=0)
    machine.forget_findings()
    return cycle


def is_told(cycle: Cycle, what: str) -> bool:
    return any(what in violation.what for violation in cycle.violations)


def test_a_charge_that_nobody_answers_for_is_found(sold: Machine) -> None:
    intent = sold.providers.stripe(
        "POST",
        "/v1/payment_intents",
        **{
            "amount": "1900",
            "currency": "eur",
            "confirm": "true",
            "payment_method": "pm_card_visa",
            "payment_method_types[]": "card",
            "metadata[order_id]": str(uuid4()),
        },
    )

    damaged = found(sold)
    sold.providers.stripe("POST", "/v1/refunds", payment_intent=intent["id"])

    assert is_told(damaged, "neither granted nor returned")
    assert not sold.look("refunded").violations


def test_a_returned_payment_of_somebody_who_kept_the_pass_is_found(sold: Machine) -> None:
    """As if the service had forgotten the refund."""
    (row,) = rows_of(
        "checkout",
        "SELECT payment_intent_id FROM payment_list JOIN order_list USING (order_id)"
        " WHERE state = 'succeeded' AND status = 'fulfilled' LIMIT 1",
        sold.data,
    )
    change = "UPDATE payment_list SET state = '{}' WHERE payment_intent_id = '{}'"

    sold.execute("checkout", change.format("returned", row["payment_intent_id"]))
    damaged = found(sold)
    sold.execute("checkout", change.format("succeeded", row["payment_intent_id"]))

    assert is_told(damaged, "neither granted nor returned")
    assert not sold.look("put right").violations


def test_a_seat_too_many_is_found_and_counted_again(sold: Machine) -> None:
    (row,) = rows_of(
        "checkout", "SELECT pass_id FROM stock WHERE capacity > 100 LIMIT 1", sold.data
    )

    one_more = "UPDATE stock SET sold = sold + 1 WHERE pass_id = '{}'"
    sold.execute("checkout", one_more.format(row["pass_id"]))
    damaged = found(sold)
    sold.operate("stock", "recount", str(row["pass_id"]))

    assert is_told(damaged, "the counter of")
    assert not sold.look("recounted").violations


def test_chat_member_without_access_is_found(sold: Machine) -> None:
    experience_id, stranger = a_grant(sold)[0], uuid4()

    sold.providers.seat(experience_id, stranger)
    damaged = found(sold)
    sold.providers.unseat(experience_id, stranger)

    assert is_told(damaged, "is in the channel without access")
    assert not sold.look("put out").violations


def test_buyer_without_a_channel_membership_is_found(sold: Machine) -> None:
    experience_id, member = a_grant(sold)

    sold.providers.unseat(experience_id, member)
    damaged = found(sold)
    sold.providers.seat(experience_id, member)

    assert is_told(damaged, "has access and no seat")
    assert not sold.look("seated").violations


def test_a_message_that_a_stream_lost_is_found_and_a_new_epoch_mends_it(sold: Machine) -> None:
    asyncio.run(lose_a_message(sold))

    damaged = found(sold)
    sold.operate("epoch", "new", "checkout")

    assert any("stream of checkout" in v.where for v in damaged.violations)
    assert not sold.look("new epoch").violations


async def lose_a_message(machine: Machine) -> None:
    client = await bus.connect(stores.nats_url(machine.data), "control")
    js, stream = client.jetstream(), stream_of("checkout")
    first = (await js.stream_info(stream)).state.first_seq
    await js.delete_msg(stream, first + 1)
    await bus.close(client)


def a_grant(machine: Machine) -> tuple[UUID, UUID]:
    (row,) = rows_of(
        "access",
        "SELECT experience_id, person_id FROM grant_list WHERE revoked_at IS NULL LIMIT 1",
        machine.data,
    )
    return row["experience_id"], row["person_id"]
