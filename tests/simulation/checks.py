"""What must hold, at every moment and at the end. Each check yields what is wrong."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from libs import permissions
from libs.events.checkout import PassPurchased, PaymentReturned, PurchaseRefunded
from libs.permissions import Permission
from libs.runtime.views.rebuild import Sources, compare
from ops.stores import subscriptions_of
from tests.simulation import money
from tests.simulation.money import Damage, check_moment
from tests.simulation.wiring import SERVICES, VIEWS
from tests.simulation.world import World

_GONE_AFTER: Final = timedelta(seconds=30)


def check_end(world: World) -> Damage:
    """Run every check, once all is calm."""
    yield from check_moment(world)
    for check in _AT_THE_END:
        yield from check(world)


def _memberships(world: World) -> Damage:
    """Access follows the memberships: live ones open their experiences, ended ones do not.

    What the team revoked stays revoked, and what has expired is closed by its window.
    """
    memberships = {
        row["membership_id"]: row["state"]
        for row in world.site.rows("checkout", "SELECT membership_id, state FROM membership_list")
    }
    rows = [
        row
        for row in world.site.rows("access", "SELECT * FROM grant_list")
        if row["reason"] != "comp"
    ]
    granted = {row["source_id"] for row in rows}
    for membership_id in sorted(memberships.keys() - granted):
        yield f"access: {membership_id} was bought and grants nothing"
    for membership_id in sorted(granted - memberships.keys()):
        yield f"access: {membership_id} grants and was not bought"
    for row in rows:
        state = memberships.get(row["source_id"])
        until = row["valid_until"]
        stands = row["revoked_at"] is None and (until is None or until > world.clock.now())
        if stands and state in {"refunded", "ended"}:
            yield f"access: {row['source_id']} is {state} and still grants"
        if state == "active" and row["revoked_for"] not in {None, "creator"}:
            yield f"access: {row['source_id']} is active and its grant is revoked"


def _chat(world: World) -> Damage:
    """Everyone who may enter is in the channel: as wanted, as confirmed, and at the provider."""
    may = _may_enter(world, world.clock.now())
    members = {
        (row["person_id"], row["experience_id"]): (row["wanted_role"], row["confirmed_role"])
        for row in world.site.rows("chat", "SELECT * FROM channel_member_list")
    }
    for key in sorted(may.keys() | members.keys() | world.room.members.keys()):
        wanted, confirmed = members.get(key, (None, None))
        found = (may.get(key), wanted, confirmed, world.room.members.get(key))
        if len(set(found)) != 1:
            yield f"chat: {key[0]} in {key[1]}: may be, wanted, confirmed, is: {found}"


def _stays_on(world: World) -> Damage:
    """Every channel member may be there, or might have been half a minute ago."""
    now = world.clock.now()
    may = _may_enter(world, now) | _may_enter(world, now - _GONE_AFTER)
    for person_id, experience_id in sorted(world.room.members.keys() - may.keys()):
        yield f"chat: {person_id} is still in {experience_id}"


def _may_enter(world: World, at: datetime) -> dict[tuple[UUID, UUID], str]:
    banned = {row["person_id"] for row in world.site.rows("access", "SELECT * FROM ban_list")}
    may: dict[tuple[UUID, UUID], str] = {}
    for row in world.site.rows("access", "SELECT * FROM grant_list"):
        ends = [end for end in (row["valid_until"], row["revoked_at"]) if end is not None]
        if row["valid_from"] <= at and all(end > at for end in ends):
            may[row["person_id"], row["experience_id"]] = "member"
    team = world.site.rows("access", "SELECT person_id, role FROM team_list")
    for row in world.site.rows("access", "SELECT experience_id FROM experience_list"):
        for member in team:
            where = member["person_id"], row["experience_id"]
            if permissions.may(member["role"], Permission.MODERATE_CHAT):
                may[where] = "moderator"
            elif permissions.may(member["role"], Permission.ENTER_ROOMS):
                may.setdefault(where, "member")
    return {key: role for key, role in may.items() if key[0] not in banned}


def _notices(world: World) -> Damage:
    """Every buyer, refunded or failed payment has one notice per channel."""
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


def _mails(world: World) -> Damage:
    """Every requested mail has its outcome, and went out once unless excused."""
    mails = world.site.rows("notifications", "SELECT * FROM notice_list WHERE channel = 'email'")
    for row in mails:
        key = str(row["notice_id"])
        copies, excused = world.post.taken[key], world.post.lost[key]
        # A crash between the server's answer and the commit sends it once more.
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
    """Every subscriber handled every event once, and nothing became a dead letter."""
    for durable in world.bus.durables:
        name = f"{durable.consumer}-{durable.producer}"
        for message in world.bus.everything(durable):
            times = world.injector.reactions[name, message.headers["ce-id"]]
            if times != 1:
                yield f"reactions: {name} reacted {times} times to {message.headers['ce-type']}"
    for service in SERVICES:
        for row in world.site.rows(service, "SELECT durable, error FROM dead_letters"):
            yield f"reactions: {row['durable']} has a dead letter: {row['error']}"


def check_rebuild(world: World, service: str) -> Damage:
    """Rebuilt views equal the live ones."""
    sources = Sources(
        service,
        world.site.urls[service],
        world.processes[service].application.mapper,
        world.bus,
        subscriptions_of(service),
    )
    for each in compare(sources, VIEWS[service]).discrepancies:
        if each.found:
            yield f"views: {service} {each.table}: {list(each.examples)}"


def check_streams(world: World) -> Damage:
    """The stream holds all stored events, in order, once."""
    for service in SERVICES:
        stored = [str(each) for each in _announced(world, service)]
        sent = [m.headers["ce-id"] for m in world.bus.streams.get(service, [])]
        if stored != sent:
            yield f"streams: {service} stored {len(stored)} announcements and sent {len(sent)}"


def _announced(world: World, service: str) -> list[UUID]:
    process = world.processes[service]
    return [each.envelope.id for each in process.writer.everything()]


def state_of(world: World) -> dict[str, Any]:
    """Return what must not change when everything is delivered again."""
    state: dict[str, Any] = {
        service: world.site.rows(service, "SELECT count(*) AS events FROM events")[0]["events"]
        for service in SERVICES
    }
    bank = world.bank
    state["bank"] = {intent: bank.left_of(intent) for intent in bank.captured}
    state["payments"] = len(bank.payments)
    state["members"] = dict(world.room.members)
    state["mails"] = dict(world.post.taken)
    return state


BOUNDS = ((_GONE_AFTER, _stays_on), (timedelta(minutes=15), money.check_outcomes))
"""Return what must be true so long after the last fault."""

_AT_THE_END = (
    money.check_seats,
    money.check_orders,
    money.check_money,
    money.check_sums,
    money.check_refunds,
    money.check_balances,
    _memberships,
    _chat,
    _notices,
    _mails,
    _reactions,
    check_streams,
)
