"""Findings of the stories as short scenarios, and the assumptions they rest on."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from libs.runtime.store.cause import Cause
from services.catalog.domain import Role
from services.chat.application import Chat
from services.checkout.payments.provider.protocol import (
    PaymentRequest,
    PaymentStatus,
    ProviderPayment,
    ProviderSilent,
)
from tests.simulation import checks
from tests.simulation.bank import KEYS_KEPT_FOR
from tests.simulation.fault_injector import FaultInjector
from tests.simulation.mutants import WITHOUT, Credulous
from tests.simulation.site import Site
from tests.simulation.story import Story
from tests.simulation.team import SPACE
from tests.simulation.world import Protections, World

PRICE = 1990


@pytest.fixture
def begin(site: Site) -> Iterator[Callable[..., Story]]:
    """A story in which nothing happens by itself, with a pass for 19.90 on sale."""
    worlds: list[World] = []

    def begin(
        *, orderly: bool = True, seats: int | None = None, kept: Protections | None = None
    ) -> Story:
        world = World(site, FaultInjector(1, calm=True), orderly, kept or Protections())
        worlds.append(world)
        world.begin()
        story = Story(world, 0)
        story.bounds = checks.BOUNDS
        story.prepare(price_minor=PRICE, seats=seats, people=2)
        return story

    yield begin
    for world in worlds:
        world.end()


def open_order(story: Story) -> UUID:
    """Somebody opens an order and can pay for it."""
    story.open_order(story.world.people[1], story.passes[0].pass_id)
    order_id = story.an_order("open")
    assert order_id is not None
    story.ensure(order_id)
    return order_id


def buy(story: Story) -> tuple[UUID, ProviderPayment]:
    """Somebody has bought the pass and paid for it."""
    order_id = open_order(story)
    (payment,) = story.world.bank.of_status(PaymentStatus.AWAITING)
    story.world.bank.pay(payment, "pays")
    story.settle_down(within=timedelta(0))
    return order_id, payment


def pay_another_sum(story: Story) -> ProviderPayment:
    """The paid amount is not the price of the pass, so it buys nothing."""
    story.open_order(story.world.people[1], story.passes[0].pass_id)
    order_id = story.an_order("open")
    assert order_id is not None
    story.ensure(order_id)
    (payment,) = story.world.bank.of_status(PaymentStatus.AWAITING)
    story.world.bank.payments[payment.payment_intent_id] = replace(payment, amount_minor=1)
    story.world.bank.pay(payment, "pays")
    return payment


def test_partial_refund_happens_once_though_the_bank_forgets_its_key(
    begin: Callable[..., Story],
) -> None:
    story = begin()
    bank, request = story.world.bank, story.injector.new_id()
    order_id, payment = buy(story)
    bank.faults_to_keep.append(True)

    story.ask("checkout", lambda app: app.refunds.request_refund(request, order_id, 100, "creator"))
    story.settle_down()

    assert bank.left_of(payment.payment_intent_id) == PRICE - 100
    assert list(checks.check_end(story.world)) == []


@pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
def test_payment_that_buys_nothing_is_refunded_despite_a_stored_fault(
    begin: Callable[..., Story], done: bool
) -> None:
    story = begin()
    payment = pay_another_sum(story)
    story.world.bank.faults_to_keep.append(done)

    story.settle_down()

    assert story.lies == []
    assert story.world.bank.left_of(payment.payment_intent_id) == 0
    assert list(checks.check_end(story.world)) == []


def test_refund_that_takes_an_hour_is_noticed(
    begin: Callable[..., Story],
) -> None:
    story = begin(kept=WITHOUT["way back at once"])
    pay_another_sum(story)

    story.settle_down()

    assert [lie for lie in story.lies if lie.startswith("money: ")]
    assert list(checks.check_end(story.world)) == []


@pytest.mark.parametrize("amount", [None, 500], ids=["all", "a part"])
def test_manual_refund_without_a_webhook_is_found_only_by_reconciliation(
    begin: Callable[..., Story], amount: int | None
) -> None:
    found = []
    for kept in (Protections(), WITHOUT["reconciliation"]):
        story = begin(kept=kept)
        _, payment = buy(story)
        story.world.bank.refund_by_hand(payment, amount)
        story.world.bank.webhooks.clear()
        story.settle_down()
        found.append(list(checks.check_end(story.world)))

    with_rounds, without = found
    assert with_rounds == []
    assert any("its order says 0" in damage for damage in without)


def test_failed_refund_without_a_webhook_is_found_only_by_reconciliation(
    begin: Callable[..., Story],
) -> None:
    found = []
    for kept in (Protections(), WITHOUT["reconciliation"]):
        story = begin(kept=kept)
        _, payment = buy(story)
        story.world.bank.refund_by_hand(payment, None)
        story.settle_down()
        assert list(checks.check_end(story.world)) == []
        story.world.pass_time(timedelta(days=20))
        story.world.bank.give_back(payment)
        story.world.bank.webhooks.clear()
        story.settle_down()
        found.append(list(checks.check_end(story.world)))

    with_rounds, without = found
    assert with_rounds == []
    assert any("0 went back, its order says" in damage for damage in without)


def test_channel_member_after_a_lost_answer_gets_the_latest_role(
    begin: Callable[..., Story],
) -> None:
    story = begin()
    person = story.world.people[1]
    story.world.room.answers_to_lose = len(story.experiences)
    buy(story)

    story.insist("catalog", lambda app: app.add_to_team(SPACE, story.owner, person, Role.MODERATOR))
    story.settle_down()

    assert {role for (who, _), role in story.world.room.members.items() if who == person} == {
        "moderator"
    }
    assert list(checks.check_end(story.world)) == []


@pytest.mark.parametrize(
    ("chat", "damaged"), [(Chat, False), (Credulous, True)], ids=["by version", "by arrival"]
)
def test_former_team_member_is_removed_whichever_event_arrives_first(
    begin: Callable[..., Story], chat: type[Chat], damaged: bool
) -> None:
    story = begin(kept=Protections(chat=chat, keeps_order=False))
    person, owner, bus = story.world.people[1], story.owner, story.world.bus
    story.insist("catalog", lambda app: app.add_to_team(SPACE, owner, person, Role.MODERATOR))
    story.insist("catalog", lambda app: app.remove_from_team(SPACE, owner, person))
    story.world.publish("catalog")

    for durable in bus.durables:
        while waiting := bus.waiting(durable):
            story.world.deliver(durable, waiting[-1])
    story.settle_down()

    damage = list(checks.check_end(story.world))
    assert any(each.startswith("chat: ") for each in damage) == damaged
    assert bool(damage) == damaged


@pytest.mark.parametrize("restored", [False, True], ids=["end first", "restored first"])
@pytest.mark.parametrize(
    ("kept", "damaged"), [(Protections(), False), (WITHOUT["version of a membership"], True)]
)
def test_the_latest_version_of_a_membership_holds_whichever_comes_first(
    begin: Callable[..., Story], kept: Protections, damaged: bool, restored: bool
) -> None:
    story = begin(kept=kept)
    bank, order_id = story.world.bank, open_order(story)
    (payment,) = bank.of_status(PaymentStatus.AWAITING)
    bank.pay(payment, "pays")
    story.come_back(order_id)
    if restored:
        story.settle_down(within=timedelta(0))
    look_at(story, payment)
    bank.refund_by_hand(payment, None)
    look_at(story, payment)
    if restored:
        bank.give_back(payment)
        look_at(story, payment)

    story.world.publish("checkout")
    for durable in story.world.bus.durables:
        story.world.bus.orderly = False
        while waiting := story.world.bus.waiting(durable):
            story.world.deliver(durable, waiting[-1])
    story.settle_down()

    damage = list(checks.check_end(story.world))
    assert any(each.startswith("access: ") for each in damage) == damaged, damage
    assert bool(damage) == damaged


def look_at(story: Story, payment: ProviderPayment) -> None:
    """The checkout asks for the state of the payment."""

    def look(process: Any) -> None:
        record = process.charging.follow_hint(payment.payment_intent_id)
        process.store.work(Cause(story.injector.new_id()), record)

    story.silently("checkout", look)


def test_purchase_completes_without_faults(begin: Callable[..., Story]) -> None:
    story = begin()
    order_id, payment = buy(story)

    story.settle_down()

    assert story.an_order("fulfilled") == order_id
    assert story.world.bank.left_of(payment.payment_intent_id) == PRICE
    assert sorted(story.world.post.taken.values()) == [1, 1]
    assert list(checks.check_end(story.world)) == []


def test_events_of_an_entity_keep_their_order_by_default(
    begin: Callable[..., Story],
) -> None:
    story = begin()
    buy(story)
    bus = story.world.bus
    durable = next(d for d in bus.durables if (d.consumer, d.producer) == ("chat", "catalog"))
    durable.acked.clear()
    durable.done.clear()

    orderly = [message.sequence for message in bus.waiting(durable)]
    bus.orderly = False
    any_order = [message.sequence for message in bus.waiting(durable)]

    # All of them belong to one space.
    assert len(orderly) == 1
    assert len(any_order) > 1


def test_the_bank_repeats_a_fault_under_its_key_until_it_forgets(
    begin: Callable[..., Story],
) -> None:
    story = begin()
    bank = story.world.bank
    asked = PaymentRequest(
        story.injector.new_id(), story.injector.new_id(), 1, "key", 100, "EUR", "Pass"
    )
    bank.faults_to_keep.append(True)

    for _ in range(2):
        with pytest.raises(ProviderSilent):
            bank.create(asked)
    made = len(bank.payments)
    story.world.pass_time(KEYS_KEPT_FOR)
    bank.create(asked)

    assert made == 1
    assert len(bank.payments) == 2
