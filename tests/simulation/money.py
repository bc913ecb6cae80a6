"""What must hold of seats and of money. Each check yields what is wrong."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from libs.events.contract import REGISTRY
from libs.runtime.store import log
from services.checkout.memberships.membership import Membership
from services.checkout.orders.queries import PURCHASE_COLUMNS, PURCHASE_TABLES
from services.checkout.payments.provider.protocol import PaymentStatus
from services.checkout.stock.seat import Seat
from tests.simulation.world import BEGINNING, World

Damage = Iterator[str]


def check_moment(world: World) -> Damage:
    """The counters of the stock are the sum of the seats, and no pass exceeds its capacity."""
    rows = world.site.rows(
        "checkout",
        """
        SELECT s.pass_id, s.capacity, s.held, s.sold,
               count(l.seat_id) FILTER (WHERE l.state = 'held') AS seats_held,
               count(l.seat_id) FILTER (WHERE l.state = 'sold') AS seats_sold
        FROM stock s LEFT JOIN seat_list l USING (pass_id)
        WHERE s.capacity IS NOT NULL GROUP BY s.pass_id
        """,
    )
    for row in rows:
        held, sold = row["seats_held"], row["seats_sold"]
        if (row["held"], row["sold"]) != (held, sold):
            yield f"stock: counted {row['held']}+{row['sold']}, but {held}+{sold} seats are taken"
        if held + sold > row["capacity"]:
            yield f"stock: {held}+{sold} seats taken of {row['capacity']}"


def check_seats(world: World) -> Damage:
    """No seat is held for ever, and the log never exceeded the capacity."""
    for row in world.site.rows("checkout", "SELECT order_id, state, reason FROM seat_list"):
        if row["state"] == "held":
            yield f"stock: the seat of {row['order_id']} is held for ever"
    most = _most_wanted(world)
    taken: Counter[UUID] = Counter()
    for event in _log(world, "checkout"):
        match event:
            case Seat.Held() | Seat.HeldAgain():
                taken[event.pass_id] += 1
            case Seat.Released():
                taken[event.pass_id] -= 1
            case _:
                continue
        limit = most.get(event.pass_id)
        if limit is not None and taken[event.pass_id] > limit:
            yield f"stock: the log has {taken[event.pass_id]} seats taken of {limit} at most"


def _most_wanted(world: World) -> dict[UUID, int | None]:
    most: dict[UUID, int | None] = {}
    for message in world.bus.streams.get("catalog", []):
        if message.headers["ce-type"] == "catalog.pass_published.v1":
            published = _parsed(message.headers["ce-type"], message.body)
            stock, known = published.terms.stock, most.get(published.pass_id, 0)
            most[published.pass_id] = None if stock is None or known is None else max(stock, known)
    return most


def check_orders(world: World) -> Damage:
    """Every order has ended, once."""
    for row in world.site.rows("checkout", "SELECT order_id, status FROM order_list"):
        if row["status"] == "open":
            yield f"orders: {row['order_id']} is open for ever"
    rows = world.site.rows(
        "checkout",
        "SELECT person_id, pass_id, count(*) AS n FROM membership_list WHERE state = 'active'"
        " AND (access_until IS NULL OR access_until > %s)"
        " GROUP BY person_id, pass_id HAVING count(*) > 1",
        world.clock.now(),
    )
    for row in rows:
        yield f"orders: {row['person_id']} bought the same pass {row['n']} times"


def check_money(world: World) -> Damage:
    """Each captured payment is either granted or refunded."""
    orders = _orders_by_id(world)
    granting = _granting_payments(world)
    for intent, taken in world.bank.captured.items():
        left = world.bank.left_of(intent)
        order = orders.get(world.bank.payments[intent].order_id)
        if order is None:
            yield f"money: {intent} was captured for no order"
        elif granting.get(order["order_id"]) == intent:
            yield from _granting(intent, taken, left, order)
        elif left != 0:
            yield f"money: {intent} was captured, gave no pass, and {left} did not go back"


def check_outcomes(world: World) -> Damage:
    """Each captured payment has its one end: the pass, or a full refund in progress."""
    granting = _granting_payments(world)
    for intent in world.bank.captured:
        if world.bank.payments[intent].order_id is None:
            continue
        granted = granting.get(world.bank.payments[intent].order_id) == intent
        if not granted and world.bank.left_of(intent):
            yield f"money: {intent} was captured, and is neither a pass nor refunded in time"


def _granting(intent: str, taken: int, left: int, order: DictRow) -> Damage:
    if left != taken - order["refunded_minor"]:
        yield (
            f"money: of {intent} {taken - left} went back, its order says {order['refunded_minor']}"
        )
    if (order["status"] == "refunded") != (left == 0):
        yield f"money: {intent} has {left} left and its order is {order['status']}"


def check_sums(world: World) -> Damage:
    """No pass was given for nothing, and the bank has what the checkout says."""
    granting = _granting_payments(world)
    bought = [o for o in _orders_by_id(world).values() if o["status"] in {"fulfilled", "refunded"}]
    for order in bought:
        if order["total_minor"] and granting.get(order["order_id"]) not in world.bank.captured:
            yield f"money: {order['order_id']} gave a pass for nothing"
    for currency in {order["currency"] for order in bought}:
        kept = sum(
            world.bank.left_of(intent)
            for intent in world.bank.captured
            if world.bank.payments[intent].currency == currency
        )
        net = sum(
            order["total_minor"] - order["refunded_minor"]
            for order in bought
            if order["currency"] == currency
        )
        if kept != net:
            yield f"money: the bank has kept {kept} {currency}, the checkout says {net}"


def check_balances(world: World) -> Damage:
    """Every day was compared with the bank, and in the end both agreed."""
    rows = world.site.rows("checkout", "SELECT day, sums, differing FROM balance_list")
    first, today = BEGINNING.date(), world.clock.now().date()
    days = {row["day"] for row in rows}
    for number in range((today - first).days - 1):
        if first + timedelta(days=number) not in days:
            yield f"money: day {number} was never compared"
    for row in rows:
        if row["differing"]:
            yield f"money: {row['day']} differs at the bank: {row['sums']} {row['differing']}"


def _orders_by_id(world: World) -> dict[UUID | None, DictRow]:
    sql = f"SELECT {PURCHASE_COLUMNS} FROM {PURCHASE_TABLES} ORDER BY order_id"  # noqa: S608
    return {row["order_id"]: row for row in world.site.rows("checkout", sql)}


def _granting_payments(world: World) -> dict[UUID | None, str]:
    granted: dict[UUID | None, str] = {}
    for event in _log(world, "checkout"):
        if isinstance(event, Membership.Started) and event.payment_intent_id is not None:
            granted[event.order_id] = event.payment_intent_id
    return granted


def check_refunds(world: World) -> Damage:
    """Each refund of the team happened once; whatever a browser can still pay is cancelled."""
    by_request: Counter[UUID] = Counter()
    for payment in world.bank.payments.values():
        for refund in payment.refunds:
            if refund.request_id is not None:
                by_request[refund.request_id] += 1
    for request, times in by_request.items():
        if times > 1:
            yield f"money: the refund {request} was sent {times} times"
    rows = world.site.rows("checkout", "SELECT payment_intent_id AS id FROM payment_list")
    shown = {row["id"] for row in rows}
    for payment in world.bank.of_status(PaymentStatus.AWAITING, PaymentStatus.CHALLENGED):
        if payment.payment_intent_id in shown:
            yield f"money: {payment.payment_intent_id} can be paid for ever"


def _log(world: World, service: str) -> Iterator[Any]:
    position, mapper = log.START, world.processes[service].application.mapper
    with world.site.eyes[service].cursor() as curs:
        while page := log.read_after(curs, position, 500).events:
            for logged in page:
                yield mapper.to_domain_event(logged.stored)
            position = page[-1].position


def _parsed(type_: str, body: bytes) -> Any:
    return REGISTRY[type_].model_validate_json(body)
