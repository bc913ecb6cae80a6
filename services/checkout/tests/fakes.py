"""Stand-ins in memory for the tables, and a payment provider that behaves as told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.checkout.memberships.membership import Membership
from services.checkout.orders.order import Order
from services.checkout.orders.sale.eligibility import Eligibility
from services.checkout.orders.sale.quote import Quote
from services.checkout.payments.provider.protocol import (
    Listing,
    MovementKind,
    Page,
    PaymentRequest,
    PaymentStatus,
    PaymentUnknown,
    ProviderMovement,
    ProviderPayment,
    ProviderRefund,
    RefundImpossible,
    RefundRequest,
)
from services.checkout.stock.inventory import PassNotFound

if TYPE_CHECKING:
    from services.checkout.application import Checkout


@dataclass
class MemoryReads:
    """Passes and people in dicts; orders and memberships are looked up in the store itself."""

    offers: dict[UUID, Quote] = field(default_factory=dict)
    archived: set[UUID] = field(default_factory=set)
    team: set[UUID] = field(default_factory=set)
    banned: set[UUID] = field(default_factory=set)
    secrets: dict[str, str] = field(default_factory=dict)
    locked: list[Any] = field(default_factory=list)
    checkout: "Checkout | None" = None

    def lock_buyer(self, person_id: UUID, pass_id: UUID) -> None:
        self.locked.append((person_id, pass_id))

    def lock_order(self, order_id: UUID) -> None:
        self.locked.append(order_id)

    def eligibility(self, pass_id: UUID, person_id: UUID, at: datetime) -> Eligibility:
        if pass_id not in self.offers:
            raise PassNotFound(pass_id)
        by_status = {o.status: o.id for o in self._orders(pass_id, person_id)}
        owned = self._live(person_id, pass_id, at)
        return Eligibility(
            quote=self.offers[pass_id],
            archived=pass_id in self.archived,
            on_team=person_id in self.team,
            banned=person_id in self.banned,
            open_order_id=by_status.get("open"),
            owned_order_id=None if owned is None else owned.order_id,
        )

    def live_membership(self, person_id: UUID, pass_id: UUID, at: datetime) -> UUID | None:
        live = self._live(person_id, pass_id, at)
        return None if live is None else live.id

    def _live(self, person_id: UUID, pass_id: UUID, at: datetime) -> Membership | None:
        owned: list[Membership] = self._begun_by("checkout.membership.started")
        for each in owned:
            mine = (each.pass_id, each.person_id) == (pass_id, person_id)
            if mine and each.is_live and not each.has_expired(at):
                return each
        return None

    def _orders(self, pass_id: UUID, person_id: UUID) -> list[Order]:
        orders: list[Order] = self._begun_by("checkout.order.opened")
        return [o for o in orders if (o.quote.pass_id, o.person_id) == (pass_id, person_id)]

    def _begun_by(self, topic: str) -> list[Any]:
        assert self.checkout is not None
        stored = self.checkout.recorder.select_notifications(None, 10_000)
        ids = dict.fromkeys(n.originator_id for n in stored if n.topic == topic)
        return [self.checkout.repository.get(id_) for id_ in ids]

    def bought_during_a_ban(
        self, space_id: UUID, person_id: UUID, since: datetime
    ) -> Sequence[UUID]:
        return ()

    def keep_secret(self, payment: ProviderPayment) -> None:
        if payment.client_secret is not None:
            self.secrets[payment.payment_intent_id] = payment.client_secret

    def forget_secrets(self, order_id: UUID) -> None:
        self.secrets.clear()


@dataclass
class MemoryCounters:
    """The stock of each pass: [version, wanted, capacity, held, sold]."""

    rows: dict[UUID, list[Any]] = field(default_factory=dict)

    def move(self, pass_id: UUID, held: int, sold: int) -> bool:
        row = self.rows[pass_id]
        _, wanted, capacity, was_held, was_sold = row
        total = was_held + was_sold + held + sold
        if capacity is not None:
            if held + sold > 0 and total > capacity:
                return False
            row[2] = max(wanted, total)
        row[3:] = [was_held + held, was_sold + sold]
        return True

    def set_capacity(self, pass_id: UUID, version_number: int, capacity: int | None) -> bool:
        version, _, _, held, sold = self.rows.get(pass_id, [0, None, None, 0, 0])
        if version_number <= version:
            return False
        effective = None if capacity is None else max(capacity, held + sold)
        self.rows[pass_id] = [version_number, capacity, effective, held, sold]
        return True

    def counts(self, pass_id: UUID) -> tuple[int, int]:
        return self.rows[pass_id][3], self.rows[pass_id][4]


@dataclass
class FakeProvider:
    """Payments in a dict, idempotent by key; `faults` are raised one after the other.

    A fault that stands in `after` is raised when the thing was done all the same. `kept` are
    answers that the next new keys of refunds go on giving, in `kept_after` when the refund was made
    all the same. What it lists was made at `now`, unless `made_at` says otherwise.
    """

    page_size: int = 2
    now: Callable[[], datetime] = lambda: datetime(2026, 6, 1, 12, tzinfo=UTC)
    made_at: dict[str, datetime] = field(default_factory=dict)

    payments: dict[str, ProviderPayment] = field(default_factory=dict)
    by_key: dict[str, Any] = field(default_factory=dict)
    faults: list[Exception] = field(default_factory=list)
    after: list[Exception] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    failing_at_once: bool = False
    kept: list[Exception] = field(default_factory=list)
    kept_after: list[Exception] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: count(1))

    def create(self, asked: PaymentRequest) -> ProviderPayment:
        def make() -> ProviderPayment:
            number = next(self.numbers)
            payment = ProviderPayment(
                payment_intent_id=f"pi_{number}",
                status=PaymentStatus.AWAITING,
                amount_minor=asked.amount_minor,
                currency=asked.currency,
                order_id=asked.order_id,
                attempt=asked.attempt,
                client_secret=f"pi_{number}_secret",
            )
            self.payments[payment.payment_intent_id] = payment
            self.made_at.setdefault(payment.payment_intent_id, self.now())
            return payment

        return self._once("create", asked.idempotency_key, make)

    def get(self, payment_intent_id: str) -> ProviderPayment:
        self._fail("get")
        if payment_intent_id not in self.payments:
            raise PaymentUnknown(payment_intent_id)
        return self.payments[payment_intent_id]

    def find(self, order_id: UUID, attempt: int) -> ProviderPayment | None:
        self._fail("find")
        wanted = (order_id, attempt)
        return next((p for p in self.payments.values() if (p.order_id, p.attempt) == wanted), None)

    def cancel(self, payment_intent_id: str) -> ProviderPayment:
        self._fail("cancel")
        if self.payments[payment_intent_id].status is not PaymentStatus.SUCCEEDED:
            self.tell(payment_intent_id, status=PaymentStatus.CANCELLED)
        return self.payments[payment_intent_id]

    def refund(self, asked: RefundRequest) -> ProviderRefund:
        def make() -> ProviderRefund:
            payment = self.payments[asked.payment_intent_id]
            left = payment.amount_minor - sum(r.amount_minor for r in payment.refunds)
            if left == 0:
                raise RefundImpossible("charge_already_refunded")
            amount = left if asked.amount_minor is None else asked.amount_minor
            refund = ProviderRefund(f"re_{next(self.numbers)}", amount, asked.request_id)
            self.tell(asked.payment_intent_id, refunds=(*payment.refunds, refund))
            if self.failing_at_once:
                return self.fail_refund(asked.payment_intent_id, refund.refund_id)
            return refund

        def make_or_break() -> ProviderRefund | Exception:
            if self.kept:
                return self.kept.pop(0)
            refund = make()
            return self.kept_after.pop(0) if self.kept_after else refund

        answer = self._once("refund", asked.idempotency_key, make_or_break)
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]

    def list_page(
        self, listing: Listing, since: datetime, until: datetime, after: str | None = None
    ) -> Page:
        self._fail(f"list {listing} {after or ''}".strip())
        made = [x for p in self.payments.values() for x in self._objects(listing, p)]
        timely = [
            (id_, listed) for id_, listed in reversed(made) if since <= self.made_at[id_] < until
        ]
        ids = [id_ for id_, _ in timely]
        begin = 0 if after is None else ids.index(after) + 1
        page = timely[begin : begin + self.page_size]
        more = len(timely) > begin + self.page_size
        listed = tuple(each for _, each in page if each is not None)
        return Page(listed, page[-1][0] if more else None)

    def _objects(
        self, listing: Listing, payment: ProviderPayment
    ) -> list[tuple[str, ProviderMovement | None]]:
        intent, charge = payment.payment_intent_id, payment.charge_id
        captured = payment.status is PaymentStatus.SUCCEEDED
        match listing:
            case Listing.PAYMENTS if captured:
                return [
                    (intent, self._listed(intent, MovementKind.CAPTURED, payment, charge or intent))
                ]
            case Listing.PAYMENTS if payment.status is PaymentStatus.CANCELLED:
                return [(intent, self._listed(intent, MovementKind.CANCELLED, payment, intent))]
            case Listing.PAYMENTS:
                return [(intent, None)]
            case Listing.CHARGES:
                return (
                    [(charge, self._listed(charge, MovementKind.CAPTURED, payment))]
                    if charge
                    else []
                )
            case Listing.REFUNDS:
                return [
                    (
                        r.refund_id,
                        self._listed(r.refund_id, MovementKind.RETURNED, payment, None, r),
                    )
                    for r in payment.refunds
                ] + [
                    (
                        r.refund_id,
                        self._listed(r.refund_id, MovementKind.REFUND_FAILED, payment, None, r),
                    )
                    for r in payment.failed_refunds
                ]

    def _listed(
        self,
        object_id: str,
        kind: MovementKind,
        payment: ProviderPayment,
        at: str | None = None,
        refund: ProviderRefund | None = None,
    ) -> ProviderMovement | None:
        return payment.order_id and ProviderMovement(
            object_id=object_id,
            kind=kind,
            payment_intent_id=payment.payment_intent_id,
            movement_id=refund.refund_id if refund else payment.payment_intent_id,
            order_id=payment.order_id,
            amount_minor=refund.amount_minor if refund else payment.amount_minor,
            currency=payment.currency,
            at=self.made_at[at or object_id],
            marked=payment.attempt > 0,
        )

    def tell(self, payment_intent_id: str, **changes: Any) -> ProviderPayment:
        payment = replace(self.payments[payment_intent_id], **changes)
        for id_ in (payment.charge_id, *(r.refund_id for r in payment.refunds)):
            if id_ is not None:
                self.made_at.setdefault(id_, self.now())
        self.payments[payment_intent_id] = payment
        return payment

    def fail_refund(self, payment_intent_id: str, refund_id: str) -> ProviderRefund:
        """The bank does not take it."""
        payment = self.payments[payment_intent_id]
        (refund,) = [each for each in payment.refunds if each.refund_id == refund_id]
        failed = replace(refund, failure="expired_or_canceled_card")
        self.tell(
            payment_intent_id,
            refunds=tuple(each for each in payment.refunds if each != refund),
            failed_refunds=(*payment.failed_refunds, failed),
        )
        return failed

    def pay(self, payment_intent_id: str) -> ProviderPayment:
        return self.tell(
            payment_intent_id, status=PaymentStatus.SUCCEEDED, charge_id=f"ch_{payment_intent_id}"
        )

    def _once(self, what: str, key: str, make: Callable[[], Any]) -> Any:
        self._fail(f"{what} {key}")
        if key not in self.by_key:
            self.by_key[key] = make()
        if self.after:
            raise self.after.pop(0)
        return self.by_key[key]

    def _fail(self, what: str) -> None:
        self.asked.append(what)
        if self.faults:
            raise self.faults.pop(0)
