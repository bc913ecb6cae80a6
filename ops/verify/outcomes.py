"""Each purchase has its effects, and no effect lacks its purchase.

Only purchases with news in the logs are looked up, so a run costs what has happened since the last
one. Findings of the last run are checked again.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Final
from uuid import UUID

from eventsourcing.persistence import Mapper, StoredEvent
from psycopg import Connection
from psycopg.rows import DictRow

from libs.events.checkout import MembershipChanged, MembershipEnded, PassPurchased
from libs.events.envelope import event_id_of
from ops import stores
from ops.verify.finding import Finding
from ops.verify.log_cursor import LogCursor, settled_end, still_there
from ops.verify.purchases import CLOSED, OPENED, Facts, Purchase, Topics, amiss_with
from services.access.domain import GrantReason
from services.checkout.memberships import audit as memberships
from services.checkout.memberships.membership import Membership
from services.checkout.orders import audit as orders
from services.notifications.domain import Kind, Notice

DONE_WITHIN: Final = timedelta(minutes=1)
SERVICES: Final = ("access", "notifications", "checkout")
"""Purchases are read last: a grant that was seen has its purchase by then, if there is one."""
_PAGE: Final = 500

_LIVES: Final = [each.TOPIC for each in (Membership.Started, Membership.Ended, Membership.Restored)]
_GRANTED: Final = [*OPENED, *CLOSED]
_ASKED: Final = [Notice.Requested.TOPIC]
_FATES: Final = [each.TOPIC for each in (Notice.Delivered, Notice.Dropped, Notice.Failed)]
_FROM_PURCHASES: Final = frozenset({GrantReason.PURCHASE.value, GrantReason.FREE.value})

_ENTITIES: Final = """
    SELECT originator_id FROM events
    WHERE (xact, notification_id) > (%(xact)s, %(id)s)
      AND (xact, notification_id) <= (%(end_xact)s, %(end_id)s) AND topic = ANY(%(topics)s)
    ORDER BY xact, notification_id
"""
_EVENTS: Final = """
    SELECT originator_id, originator_version, topic, state, recorded_at FROM events
    WHERE originator_id = ANY(%s) AND topic = ANY(%s) ORDER BY originator_id, originator_version
"""
_DOORS: Final = "SELECT grant_id AS id FROM grant_list WHERE grant_id = ANY(%s)"
_HANDLED: Final = "SELECT event_id AS id FROM inbox WHERE event_id = ANY(%s)"
Logs = Mapping[str, Connection[DictRow]]


@dataclass
class Awaited:
    """Up to where each log was read, and the entities with findings then."""

    cursors: dict[str, LogCursor] = field(default_factory=dict)
    memberships: list[UUID] = field(default_factory=list)
    grants: list[UUID] = field(default_factory=list)
    notices: list[UUID] = field(default_factory=list)


def check_outcomes(
    logs: Logs, awaited: Awaited, now: datetime, within: timedelta = DONE_WITHIN
) -> tuple[list[Finding], Awaited]:
    """Check what is newer than `awaited`, and what was not right then.

    `logs` are connections to the databases of `SERVICES`. Younger effects may be in progress. If a
    log was restored, the effects of its former events are checked too.
    """
    cursors = awaited.cursors
    if any(still_there(logs[name], cursor) != cursor for name, cursor in cursors.items()):
        awaited = Awaited()
    reached = Awaited({name: settled_end(logs[name]) for name in SERVICES})
    look = _Look(logs, now - within)

    def judge(
        name: str,
        topics: list[str],
        known: list[UUID],
        at: Callable[[Sequence[UUID]], Iterator[UUID]],
    ) -> list[UUID]:
        after = awaited.cursors.get(name, LogCursor())
        pages = _entities(logs[name], topics, after, reached.cursors[name])
        again = dict.fromkeys(chain.from_iterable(at(page) for page in chain([known], pages)))
        return list(again)

    reached.grants = judge("access", list(OPENED), awaited.grants, look.at_grants)
    reached.notices = judge("notifications", _ASKED, awaited.notices, look.at_notices)
    reached.memberships = judge("checkout", _LIVES, awaited.memberships, look.at_memberships)
    return list(look.found), reached


def _entities(
    log: Connection[DictRow], topics: list[str], after: LogCursor, end: LogCursor
) -> Iterator[list[UUID]]:
    """Yield the entities to which one of these events happened between two cursors, page by
    page."""
    bounds = {"xact": after.xact, "id": after.id, "end_xact": end.xact, "end_id": end.id}
    with log.transaction(), log.cursor("entities") as curs:
        curs.execute(_ENTITIES, {"topics": topics, **bounds})
        while rows := curs.fetchmany(_PAGE):
            yield list(dict.fromkeys(row["originator_id"] for row in rows))


class _Look:
    """Checks some entities; returns those to check again, and records findings."""

    def __init__(self, logs: Logs, before: datetime) -> None:
        self.found: dict[Finding, None] = {}
        self._logs = logs
        self._before = before
        self._mapper: Mapper[Any] = stores.event_mapper()
        self._to_contract = stores.announces("checkout")

    def at_memberships(self, membership_ids: Sequence[UUID]) -> Iterator[UUID]:
        """Check that each purchase has all of its grants and both receipts, once."""
        purchases = self._purchases(membership_ids)
        facts = self._facts(purchases)
        for membership_id, purchase in purchases.items():
            amiss = list(amiss_with(purchase, facts))
            if amiss:
                yield membership_id
            if purchase.at < self._before:
                self.found.update(dict.fromkeys(amiss))

    def at_grants(self, grant_ids: Sequence[UUID]) -> Iterator[UUID]:
        """Check that each active grant of a membership is one that its purchase gives."""
        resting = {}
        for grant_id, rows in self._events("access", grant_ids, _GRANTED).items():
            grant = self._told(rows[0])
            if grant.reason in _FROM_PURCHASES and rows[-1]["topic"] in OPENED:
                resting[grant_id] = grant
        purchases = self._purchases({grant.source_id for grant in resting.values()})
        for grant_id, grant in resting.items():
            purchase = purchases.get(grant.source_id)
            if purchase is None or grant_id not in purchase.grants:
                what = "a grant too many"
                repair = f"revoke it in the admin; backstage events show {grant_id}"
                if purchase is None:
                    what, repair = "a grant without its purchase", self._repair(grant.source_id)
                sentence = (
                    f"{what}: {grant_id} of membership {grant.source_id} lets person"
                    f" {grant.person_id} into experience {grant.experience_id}"
                )
                self.found[Finding("outcomes", "access", sentence, repair)] = None
                yield grant_id

    def _repair(self, membership_id: UUID) -> str:
        """Return the repair: the order may be open and paid, without the restored log's
        knowledge."""
        order_id = orders.find_open_order(self._logs["checkout"], membership_id)
        return "backstage reconcile" if order_id else f"backstage grants withdraw {membership_id}"

    def at_notices(self, notice_ids: Sequence[UUID]) -> Iterator[UUID]:
        """Check that each receipt belongs to its purchase, person and channel."""
        for notice_id, rows in self._events("notifications", notice_ids, _ASKED).items():
            asked = self._told(rows[0])
            own = Notice.create_id(asked.about_event_id, asked.person_id, asked.kind, asked.channel)
            if asked.kind == Kind.RECEIPT and notice_id != own:
                sentence = f"a receipt too many: {notice_id}, to person {asked.person_id}"
                repair = f"backstage events show {notice_id}"
                self.found[Finding("outcomes", "notifications", sentence, repair)] = None
                yield notice_id

    def _purchases(self, membership_ids: Iterable[UUID]) -> dict[UUID, Purchase]:
        found: dict[UUID, Purchase] = {}
        for membership_id, rows in self._events("checkout", membership_ids, _LIVES).items():
            for row in rows:
                event_id = event_id_of(membership_id, row["originator_version"])
                match self._to_contract(self._told(row)):
                    case PassPurchased() as bought if membership_id in found:
                        found[membership_id].times += 1
                    case PassPurchased() as bought:
                        at = row["recorded_at"]
                        found[membership_id] = Purchase(event_id, bought, at)
                    case MembershipEnded() as ended if membership_id in found:
                        found[membership_id].end(event_id, ended.cause, row["recorded_at"])
                    case MembershipChanged() if membership_id in found:
                        found[membership_id].restore(row["recorded_at"])
                    case _:
                        pass
        return found

    def _facts(self, purchases: Mapping[UUID, Purchase]) -> Facts:
        grants = [grant for each in purchases.values() for grant in each.grants]
        notices = [id_ for each in purchases.values() for id_ in each.receipts.values()]
        announced = [event for each in purchases.values() for event in each.announced]
        return Facts(
            grants=_topics(self._events("access", grants, _GRANTED)),
            doors=self._ids("access", _DOORS, grants),
            notices=_topics(self._events("notifications", notices, [*_ASKED, *_FATES])),
            handled={name: self._ids(name, _HANDLED, announced) for name in SERVICES[:2]},
            owned_twice=memberships.list_owned_twice(self._logs["checkout"], list(purchases)),
        )

    def _events(
        self, service: str, entities: Iterable[UUID], topics: list[str]
    ) -> dict[UUID, list[DictRow]]:
        found: dict[UUID, list[DictRow]] = defaultdict(list)
        for row in self._logs[service].execute(_EVENTS, (list(entities), topics)):
            found[row["originator_id"]].append(row)
        return found

    def _ids(self, service: str, statement: str, ids: list[UUID]) -> set[UUID]:
        return {row["id"] for row in self._logs[service].execute(statement, (ids,))}

    def _told(self, row: DictRow) -> Any:
        names = ("originator_id", "originator_version", "topic", "state")
        return self._mapper.to_domain_event(StoredEvent(**{name: row[name] for name in names}))


def _topics(events: Mapping[UUID, Sequence[DictRow]]) -> Topics:
    return {entity: [row["topic"] for row in rows] for entity, rows in events.items()}
