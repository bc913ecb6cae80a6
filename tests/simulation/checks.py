"""What must hold: at every moment, and once nothing is left to do. Each says what is wrong."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from libs.events.checkout import PassPurchased, PaymentReturned, PurchaseRefunded
from libs.events.contract import REGISTRY
from libs.runtime import log
from libs.runtime.rebuild import Sources, compare
from services.checkout.domain import PaymentStatus, Seat
from tests.simulation.cast import HEARS, SERVICES, VIEWS
from tests.simulation.world import World

Damage = Iterator[str]


def check_moment(world: World) -> Damage:
    """The counters of the stock are the sum of the seats, and no pass has more than it may."""
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


def check_end(world: World) -> Damage:
    """Everything, once all is calm."""
    yield from check_moment(world)
    for check in _AT_THE_END:
        yield from check(world)


def _seats(world: World) -> Damage:
    """No seat is held for ever, and the log itself never went over what was ever on offer."""
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


def _orders(world: World) -> Damage:
    """Every order has come to an end, once."""
    for row in world.site.rows("checkout", "SELECT order_id, status FROM order_list"):
        if row["status"] == "open":
            yield f"orders: {row['order_id']} is open for ever"
    rows = world.site.rows(
        "checkout",
        "SELECT person_id, pass_id, count(*) AS n FROM order_list WHERE status = 'fulfilled'"
        " AND (granted_until IS NULL OR granted_until > %s)"
        " GROUP BY person_id, pass_id HAVING count(*) > 1",
        world.clock.now(),
    )
    for row in rows:
        yield f"orders: {row['person_id']} bought the same pass {row['n']} times"


def _money(world: World) -> Damage:
    """Each captured payment is exactly one of granted or sent back; sums agree with the bank's."""
    orders = {
        row["order_id"]: row for row in world.site.rows("checkout", "SELECT * FROM order_list")
    }
    granting: dict[UUID, list[str]] = defaultdict(list)
    sold = _granting_payments(world)
    for intent, taken in world.bank.captured.items():
        payment = world.bank.payments[intent]
        left = world.bank.left_of(intent)
        order = orders.get(payment.order_id) if payment.order_id else None
        if order is None:
            yield f"money: {intent} was captured for no order"
        elif sold.get(order["order_id"]) == intent:
            granting[order["order_id"]].append(intent)
            if left != taken - order["refunded_minor"]:
                yield (
                    f"money: of {intent} {taken - left} went back, the order of it says"
                    f" {order['refunded_minor']}"
                )
            if (order["status"] == "refunded") != (left == 0):
                yield f"money: {intent} has {left} left and its order is {order['status']}"
        elif left != 0:
            yield f"money: {intent} was captured, gave no pass, and {left} did not go back"
    for order_id, order in orders.items():
        fulfilled = order["status"] in {"fulfilled", "refunded"}
        if fulfilled and order["total_minor"] and not granting[order_id]:
            yield f"money: {order_id} gave a pass for nothing"
    kept = sum(world.bank.left_of(intent) for intent in world.bank.captured)
    net = sum(
        order["total_minor"] - order["refunded_minor"]
        for order in orders.values()
        if order["status"] in {"fulfilled", "refunded"}
    )
    if kept != net:
        yield f"money: the bank has kept {kept}, the checkout says {net}"


def _granting_payments(world: World) -> dict[UUID, str]:
    granted: dict[UUID, str] = {}
    for event in _log(world, "checkout"):
        if getattr(event, "TOPIC", "") == "checkout.order.fulfilled":
            granted[event.originator_id] = event.payment_intent_id
    return granted


def _refunds(world: World) -> Damage:
    """What the team asked for once went back once; what a browser can pay is cancelled."""
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


def _grants(world: World) -> Damage:
    """Access rests on what was bought, as long as it was not refunded."""
    wanted = {
        row["order_id"]: row["status"]
        for row in world.site.rows(
            "checkout",
            "SELECT order_id, status FROM order_list WHERE status IN ('fulfilled', 'refunded')",
        )
    }
    rows = world.site.rows("access", "SELECT * FROM grant_list")
    granted = {row["source_id"] for row in rows if row["reason"] != "comp"}
    for order_id in sorted(wanted.keys() - granted):
        yield f"access: {order_id} was bought and grants nothing"
    for order_id in sorted(granted - wanted.keys()):
        yield f"access: {order_id} grants and was not bought"
    for row in rows:
        # A window that had closed before the refund has nothing left to revoke.
        until = row["valid_until"]
        stands = row["revoked_at"] is None and (until is None or until > world.clock.now())
        if stands and wanted.get(row["source_id"]) == "refunded":
            yield f"access: {row['source_id']} was refunded and still grants"


def _chat(world: World) -> Damage:
    """Who may enter is who sits there: as wanted, as confirmed, and at the provider."""
    may = _may_sit(world)
    seats = {
        (row["person_id"], row["experience_id"]): (row["wish"], row["seated_as"])
        for row in world.site.rows("chat", "SELECT * FROM seat_list")
    }
    for key in sorted(may.keys() | seats.keys() | world.room.seats.keys()):
        wish, seated = seats.get(key, (None, None))
        found = (may.get(key), wish, seated, world.room.seats.get(key))
        if len(set(found)) != 1:
            yield f"chat: {key[0]} in {key[1]}: may be, wanted, confirmed, sits: {found}"


def _may_sit(world: World) -> dict[tuple[UUID, UUID], str]:
    now = world.clock.now()
    banned = {row["person_id"] for row in world.site.rows("access", "SELECT * FROM ban_list")}
    may: dict[tuple[UUID, UUID], str] = {}
    for row in world.site.rows("access", "SELECT * FROM grant_list WHERE revoked_at IS NULL"):
        until = row["valid_until"]
        if row["valid_from"] <= now and (until is None or until > now):
            may[row["person_id"], row["experience_id"]] = "member"
    team = world.site.rows("access", "SELECT person_id FROM team_list WHERE role IS NOT NULL")
    for row in world.site.rows("access", "SELECT experience_id FROM experience_list"):
        for member in team:
            may[member["person_id"], row["experience_id"]] = "moderator"
    return {key: role for key, role in may.items() if key[0] not in banned}


def _notices(world: World) -> Damage:
    """Who bought, was refunded or paid in vain is told once, and every mail goes out once."""
    told = Counter(
        (row["about_event_id"], row["kind"], row["channel"])
        for row in world.site.rows("notifications", "SELECT * FROM notice_list")
    )
    for message in world.bus.streams.get("checkout", []):
        for kind in _TOLD.get(message.headers["ce-type"], ()):
            for channel in ("in_app", "email"):
                times = told[UUID(message.headers["ce-id"]), kind, channel]
                if times != 1:
                    yield f"notices: {kind} by {channel} was told {times} times"
    mails = world.site.rows("notifications", "SELECT * FROM notice_list WHERE channel = 'email'")
    for row in mails:
        key = str(row["notice_id"])
        copies, excused = world.post.taken[key], world.post.lost[key]
        excused += world.deaths["notifications"]
        if row["status"] == "requested":
            yield f"notices: the mail {row['kind']} {key} was never settled"
        if (row["status"] == "delivered") != (copies > 0):
            yield f"notices: the mail {key} is {row['status']} and went out {copies} times"
        if copies > 1 + excused:
            yield f"notices: the mail {key} went out {copies} times, {excused} excused"
    if unknown := world.post.taken.keys() - {str(row["notice_id"]) for row in mails}:
        yield f"notices: mails that nobody asked for: {sorted(unknown)}"


_TOLD = {
    PassPurchased.type: ("receipt", "welcome"),
    PurchaseRefunded.type: ("refund",),
    PaymentReturned.type: ("payment_returned",),
}


def _reactions(world: World) -> Damage:
    """Every event was reacted to once by each who hears it, and nothing was parked."""
    for durable in world.bus.durables:
        name = f"{durable.consumer}-{durable.producer}"
        for message in world.bus.everything(durable):
            times = world.fate.reactions[name, message.headers["ce-id"]]
            if times != 1:
                yield f"reactions: {name} reacted {times} times to {message.headers['ce-type']}"
    for service in SERVICES:
        for row in world.site.rows(service, "SELECT durable, error FROM parked"):
            yield f"reactions: {row['durable']} parked a message: {row['error']}"


def check_rebuild(world: World, service: str) -> Damage:
    """The views built again from nothing are the views that stand."""
    sources = Sources(
        service,
        world.site.urls[service],
        world.processes[service].application.mapper,
        tuple(HEARS[service]),
        world.bus,
    )
    for difference in compare(sources, VIEWS[service]).differences:
        if difference.found:
            yield f"views: {service} {difference.table}: {list(difference.examples)}"


def check_streams(world: World) -> Damage:
    """What is stored is in the stream, all of it, in order, once."""
    for service in SERVICES:
        stored = [str(each) for each in _announced(world, service)]
        sent = [m.headers["ce-id"] for m in world.bus.streams.get(service, [])]
        if stored != sent:
            yield f"streams: {service} stored {len(stored)} announcements and sent {len(sent)}"


def _announced(world: World, service: str) -> list[UUID]:
    process = world.processes[service]
    return [each.envelope.id for each in process.writer.everything()]


def state_of(world: World) -> dict[str, Any]:
    """What must not change when everything is told again."""
    state: dict[str, Any] = {
        service: world.site.rows(service, "SELECT count(*) AS events FROM events")[0]["events"]
        for service in SERVICES
    }
    bank = world.bank
    state["bank"] = {intent: bank.left_of(intent) for intent in bank.captured}
    state["payments"] = len(bank.payments)
    state["seats"] = dict(world.room.seats)
    state["mails"] = dict(world.post.taken)
    return state


def _log(world: World, service: str) -> Iterator[Any]:
    position, mapper = log.START, world.processes[service].application.mapper
    with world.site.eyes[service].cursor() as curs:
        while page := log.read_after(curs, position, 500).events:
            for logged in page:
                yield mapper.to_domain_event(logged.stored)
            position = page[-1].position


def _parsed(type_: str, body: bytes) -> Any:
    return REGISTRY[type_].model_validate_json(body)


_AT_THE_END = (
    _seats,
    _orders,
    _money,
    _refunds,
    _grants,
    _chat,
    _notices,
    _reactions,
    check_streams,
)
