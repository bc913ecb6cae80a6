"""What must hold after any fault: the promises to buyers, as far as they can be checked."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from typing_extensions import override

from libs.events.access import GrantExpired, GrantIssued, GrantRevoked
from libs.events.checkout import PassPurchased, PurchaseRefunded
from libs.events.notifications import NoticeDelivered
from libs.runtime.messaging import bus
from ops import log_reader, stores
from ops.log_reader import Reached, Verdict
from ops.up.data_folder import DataFolder
from ops.verify import outcomes
from ops.verify.finding import Finding
from ops.verify.stock import Ledger, check_stock
from ops.verify.undone import Patience, check_undone
from services.checkout.memberships.membership import Membership
from tests.chaos.buyers import Operation, Told
from tests.chaos.evidence import Announcements, Providers, Said, rows_of

_IMPATIENT = Patience(attempts=1, late=timedelta(seconds=3), webhooks=timedelta(0))


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken promise: what, about whom, and what repairs it."""

    what: str
    where: str
    repair: str

    @override
    def __str__(self) -> str:
        return f"{self.what} [{self.where}] -> {self.repair}"


@dataclass
class Facts:
    """One reading of everything."""

    purchases: list[Said]
    refunded: set[UUID]
    standing: dict[UUID, set[UUID]]
    """Who may enter, by experience."""
    entitled: dict[UUID, set[UUID]]
    """Whom each membership admits."""
    receipts: dict[UUID, set[UUID]]
    """The receipts that the mail server took, by their event."""
    payments: list[dict[str, Any]] = field(default_factory=list)

    @property
    def bought(self) -> dict[UUID, PassPurchased]:
        """Purchases by order."""
        contracts = [said.contract for said in self.purchases]
        return {c.order_id: c for c in contracts if isinstance(c, PassPurchased)}


class Checker:
    """Checks one running system for violations."""

    def __init__(
        self, data: DataFolder, providers: Providers, team: set[UUID], addresses: dict[UUID, str]
    ) -> None:
        self.repeated_mails = 0
        """Mails that arrived twice under one Message-ID, which SMTP can't rule out."""
        self.lost: set[UUID] = set()
        """Orders that a restored checkout database lacks. Their buyers can't have what they were
        promised; other checks apply to them."""
        self._data = data
        self._providers = providers
        self._team = team
        self._addresses = addresses
        self._logs = {name: Announcements(name, data) for name in outcomes.SERVICES}
        self.forget()

    def forget(self) -> None:
        """Check everything from the beginning: what was right may not be so any more."""
        for announcements in self._logs.values():
            announcements.forget()
        self._awaited = outcomes.Awaited()
        self._ledger = Ledger()
        self._reached = dict[str, Reached]()

    def check(self, operations: Sequence[Operation]) -> Iterator[list[Violation]]:
        """Return all broken promises, one kind after the other, the cheapest and most telling
        first.

        What was right in a log and its stream is not checked again, unless one of them was
        replaced. (`backstage verify --full` checks the whole at the end.)
        """
        yield list(self._left_undone())
        yield list(self._outcomes())
        facts = self._facts()
        yield list(self._clients_words(facts, operations))
        yield list(self._promised_refunds(facts, operations))
        yield list(self._lost_orders(facts))
        yield list(self._payments(facts))
        yield list(self._seats(facts))
        yield list(self._mails(facts))
        yield list(self._stock())
        yield list(self._streams())

    def _facts(self) -> Facts:
        """Read the stores and the payment provider."""
        payments = list(self._providers.payments())
        of_checkout, of_access, of_notifications = (
            self._logs[name].read() for name in ("checkout", "access", "notifications")
        )
        standing: dict[UUID, set[UUID]] = defaultdict(set)
        entitled: dict[UUID, set[UUID]] = defaultdict(set)
        open_grants: dict[UUID, GrantIssued] = {}
        for said in of_access:
            match said.contract:
                case GrantIssued() as issued:
                    open_grants[issued.grant_id] = issued
                case GrantRevoked(grant_id=grant_id) | GrantExpired(grant_id=grant_id):
                    open_grants.pop(grant_id, None)
                case _:
                    pass
        for grant in open_grants.values():
            standing[grant.experience_id].add(grant.person_id)
            entitled[grant.source_id].add(grant.person_id)
        receipts: dict[UUID, set[UUID]] = defaultdict(set)
        for said in of_notifications:
            match said.contract:
                case NoticeDelivered(kind="receipt", channel="email") as told:
                    receipts[told.about_event_id].add(told.notice_id)
                case _:
                    pass
        return Facts(
            purchases=[s for s in of_checkout if isinstance(s.contract, PassPurchased)],
            refunded={
                s.contract.order_id
                for s in of_checkout
                if isinstance(s.contract, PurchaseRefunded) and s.contract.full
            },
            standing=standing,
            entitled=entitled,
            receipts=receipts,
            payments=payments,
        )

    def harm_of_the_loss(self) -> list[Violation]:
        """Return the violations about lost orders."""
        return list(self._lost_orders(self._facts()))

    def knows(self, person_id: UUID, address: str) -> None:
        """Count one more buyer."""
        self._addresses[person_id] = address

    def has_everything(self, order_id: UUID) -> bool:
        """Return whether the buyer has access, a place in each chat and the receipt by mail."""
        facts = self._facts()
        events = [
            said.event_id
            for said in facts.purchases
            if isinstance(said.contract, PassPurchased) and said.contract.order_id == order_id
        ]
        people, mails = facts.entitled[Membership.create_id(order_id)], self._providers.mails()
        return (
            bool(events and people)
            and any(notice in mails for notice in facts.receipts[events[0]])
            and all(
                people & standing <= self._providers.members_of(experience_id)
                for experience_id, standing in facts.standing.items()
                if people & standing
            )
        )

    def still_open(self) -> Iterator[Violation]:
        """Find unfinished orders, and seats that are held for somebody."""
        for table in ("order_list WHERE status = 'open'", "seat_list WHERE state = 'held'"):
            for row in rows_of("checkout", f"SELECT order_id FROM {table}", self._data):  # noqa: S608
                yield Violation(
                    f"never ended: {table.partition(' ')[0]}",
                    f"order {row['order_id']}",
                    "backstage lag",
                )

    def _clients_words(self, facts: Facts, operations: Sequence[Operation]) -> Iterator[Violation]:
        bought = facts.bought
        pairs = {(p.person_id, p.pass_id) for p in bought.values()}
        for done in operations:
            if done.told is Told.OK and done.order_id not in {*bought, *self.lost}:
                yield Violation(
                    "a buyer was told ok and the store has no purchase",
                    f"order {done.order_id}",
                    "backstage verify --full",
                )
            if done.told is Told.FAILED and (done.person_id, done.pass_id) in pairs:
                yield Violation(
                    "a buyer was refused and owns the pass nevertheless",
                    f"person {done.person_id}, pass {done.pass_id}: {done.said}",
                    f"backstage events ls --service checkout --mentions {done.person_id}",
                )

    def _promised_refunds(
        self, facts: Facts, operations: Sequence[Operation]
    ) -> Iterator[Violation]:
        for done in operations:
            if done.refund_promised and done.order_id not in {*facts.refunded, *self.lost}:
                yield Violation(
                    "a refund was promised and never came",
                    f"order {done.order_id}",
                    f"backstage events ls --service checkout --mentions {done.order_id}",
                )

    def _lost_orders(self, facts: Facts) -> Iterator[Violation]:
        """Find payments of lost orders without a single full refund, and access that rests on them.

        A later purchase by the same order counts as any other.
        """
        gone = self.lost - facts.bought.keys()
        for intent in facts.payments:
            order_id = _order_of(intent)
            if order_id not in gone or intent["status"] != "succeeded":
                continue
            back = [refund["amount"] for refund in intent["latest_charge"]["refunds"]["data"]]
            if back != [intent["amount_received"]]:
                yield Violation(
                    f"{back} of {intent['amount_received']} went back of a lost order's payment",
                    f"{intent['id']} of order {order_id}",
                    f"backstage reconcile --return {intent['id']}",
                )
        lost = {Membership.create_id(order_id): order_id for order_id in gone}
        for membership_id in lost.keys() & facts.entitled.keys():
            yield Violation(
                "somebody gets in by an order that was lost",
                f"order {lost[membership_id]}",
                f"backstage grants withdraw {membership_id}",
            )

    def _payments(self, facts: Facts) -> Iterator[Violation]:
        sql = "SELECT payment_intent_id FROM payment_list WHERE state = 'succeeded'"
        settled = {row["payment_intent_id"] for row in rows_of("checkout", sql, self._data)}
        captured = [i for i in facts.payments if i["status"] == "succeeded"]
        kept = Counter[UUID]()
        for intent in captured:
            order_id = _order_of(intent)
            returned = intent["latest_charge"]["refunded"]
            granted = order_id in facts.bought and intent["id"] in settled
            kept[order_id] += not returned
            if granted == returned and order_id not in facts.refunded:
                ended = "both granted and returned" if returned else "neither granted nor returned"
                yield Violation(
                    f"a captured payment is {ended}",
                    f"{intent['id']} of order {order_id}",
                    "backstage reconcile",
                )
        for order_id, charges in kept.items():
            if charges > 1:
                yield Violation("an order was charged twice", f"order {order_id}", "refund one")
        for order_id, purchase in facts.bought.items():
            if purchase.total_minor and not kept[order_id] and order_id not in facts.refunded:
                yield Violation("a pass was given away unpaid", f"order {order_id}", "revoke it")

    def _seats(self, facts: Facts) -> Iterator[Violation]:
        for experience_id, people in facts.standing.items():
            seated = self._providers.members_of(experience_id) - self._team
            for person in people - seated - self._team:
                yield Violation(
                    "has access and no seat in the chat",
                    f"person {person}, experience {experience_id}",
                    "backstage drift --fix",
                )
            for person in seated - people:
                yield Violation(
                    "is in the channel without access",
                    f"person {person}, experience {experience_id}",
                    "backstage drift --fix",
                )

    def _mails(self, facts: Facts) -> Iterator[Violation]:
        """Find accepted mails that the mailbox lacks, and buyers without exactly one receipt."""
        mails = self._providers.mails()
        self.repeated_mails = sum(sum(each.values()) - 1 for each in mails.values())
        for said in facts.purchases:
            purchase = said.contract
            if not isinstance(purchase, PassPurchased):
                continue
            address = self._addresses.get(purchase.person_id)
            sent = facts.receipts[said.event_id]
            arrived = {notice_id for notice_id in sent if address in mails.get(notice_id, ())}
            if len(sent) != 1 or arrived != sent:
                yield Violation(
                    f"{len(sent)} receipts mailed, {len(arrived)} arrived",
                    f"order {purchase.order_id}",
                    f"backstage events replay --from checkout --to notifications"
                    f" --entity {purchase.membership_id}",
                )

    def _outcomes(self) -> Iterator[Violation]:
        """Run the operators' checker on all purchases, without any patience."""
        with ExitStack() as stack:
            logs = {
                name: stack.enter_context(stores.reading(stores.database_url(name, self._data)))
                for name in outcomes.SERVICES
            }
            found, self._awaited = outcomes.check_outcomes(
                logs, self._awaited, datetime.now(UTC), timedelta(0)
            )
        yield from map(_violation, found)

    def _stock(self) -> Iterator[Violation]:
        with stores.reading(stores.database_url("checkout", self._data)) as checkout:
            found, reached = check_stock(checkout, self._ledger)
        # A finding is checked again, from the last good position.
        self._ledger = self._ledger if found else reached
        for each in found:
            yield Violation(each.sentence, each.service, each.repair)

    def _left_undone(self) -> Iterator[Violation]:
        for service in stores.SERVICES:
            with stores.reading(stores.database_url(service, self._data)) as conn:
                found = check_undone(conn, service, datetime.now(UTC), _IMPATIENT)
            yield from map(_violation, found)

    def _streams(self) -> Iterator[Violation]:
        for verdict in asyncio.run(self._verdicts()):
            self._reached[verdict.service] = verdict.reached
            for finding in verdict.findings:
                where, repair = (
                    f"stream of {verdict.service}",
                    f"backstage epoch new {verdict.service}",
                )
                yield Violation(finding, where, repair)

    async def _verdicts(self) -> list[Verdict]:
        client = await bus.connect(stores.nats_url(self._data), "chaos")
        mapper, verdicts = stores.event_mapper(), []
        try:
            for service in stores.SERVICES:
                known, to_contract = self._reached.get(service), stores.announces(service)
                with stores.reading(stores.database_url(service, self._data)) as conn:
                    verdict = await log_reader.verify(
                        conn, client, service, mapper, to_contract, known
                    )
                verdicts.append(verdict)
        finally:
            await bus.close(client)
        return verdicts


def _order_of(intent: dict[str, Any]) -> UUID:
    return UUID(intent["metadata"].get("order_id") or str(UUID(int=0)))


def _violation(finding: Finding) -> Violation:
    return Violation(f"{finding.check} of {finding.service}", finding.sentence, finding.repair)
