"""Services without one of their protections: a story must then find damage."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

from typing_extensions import override

from libs.events.envelope import Envelope
from libs.runtime.scheduling.schedule import Schedule
from libs.runtime.store import unit_of_work
from libs.runtime.store.cause import Cause
from services.access.application import Access, Entitlement
from services.access.domain import RevocationCause, Window
from services.chat.application import Chat
from services.chat.domain import Role
from services.checkout.orders.order import Order
from services.checkout.orders.use_cases import Orders
from services.checkout.payments.payment import Payment
from services.checkout.payments.provider.protocol import (
    PaymentStatus,
    ProviderPayment,
    ProviderRefund,
    Record,
    RefundRequest,
)
from services.checkout.payments.refund import return_whole
from services.checkout.payments.use_cases import Payments
from services.checkout.reconciliation.runs.lists import Reconciler
from services.checkout.stock.seat import Seat, SeatReason
from services.checkout.stock.tables import StockTable
from tests.simulation.bank import Bank
from tests.simulation.mortal_store import MortalStore
from tests.simulation.world import Protections

R = TypeVar("R")


class ReadThenWrite(StockTable):
    """Reads how many seats are left, decides, and writes the computed number."""

    def __init__(self, crowd: Callable[[UUID], None]) -> None:
        self._crowd = crowd

    @override
    def move(self, pass_id: UUID, held: int, sold: int) -> bool:
        with unit_of_work.required().cursor() as curs:
            row = curs.execute("SELECT * FROM stock WHERE pass_id = %s", (pass_id,)).fetchone()
            assert row is not None
            self._crowd(pass_id)
            if row["capacity"] is None:
                return True
            total = row["held"] + row["sold"] + held + sold
            if held + sold > 0 and total > row["capacity"]:
                return False
            curs.execute(
                "UPDATE stock SET held = %s, sold = %s, capacity = %s WHERE pass_id = %s",
                (
                    row["held"] + held,
                    row["sold"] + sold,
                    max(row["wanted"], total),
                    pass_id,
                ),
            )
        return True


class Forgetful(MortalStore):
    """Reacts to every delivery, even a repeated one."""

    @override
    def once(self, about: Envelope, durable: str, decide: Callable[[], None]) -> bool:
        def again() -> None:
            with self.cursor() as curs:
                curs.execute("DELETE FROM inbox WHERE event_id = %s", (about.id,))
            super(Forgetful, self).once(about, durable, decide)

        self.work(_cause_of(about), again)
        return True


def _cause_of(about: Envelope) -> Cause:
    return Cause(about.id, about.actor, about.traceparent)


class Hasty(Orders):
    """Settles by the order's present state instead of each payment's own."""

    @override
    def apply_provider_state(self, order_id: UUID, provider: ProviderPayment) -> None:
        order = self._repository.locked(order_id)
        now = self._clock.now()
        payment = self._payments.named(order.charge, provider, now)
        payment.apply_provider_state(provider, now, tells_failures=order.is_open)
        seat = self._repository.seat_of(order)
        membership = self._memberships.of_order(order_id)
        if provider.status is PaymentStatus.SUCCEEDED and order.is_open:
            self._inventory.sell(seat, now)
            membership = self._fulfil(order, provider.payment_intent_id, now)
            self._end(order)
        if membership and membership.payment_intent_id == provider.payment_intent_id:
            self._memberships.refunds.compare(membership, payment, seat, provider)
        self._context.save(order, membership, payment, seat)


class KeepsTheMoney(Payments):
    """Schedules the refund of a payment that bought nothing, and never makes it."""

    @override
    def return_whole(self, payment: Payment, purpose: str, at: datetime) -> None:
        return_whole(payment, purpose, at)


class TakesItsTime(Payments):
    """Refunds a payment that bought nothing only when it meets it by chance."""

    @override
    def return_whole(self, payment: Payment, purpose: str, at: datetime) -> None:
        super().return_whole(payment, purpose, at + timedelta(hours=1))


class Gullible(Access):
    """Applies each event of a membership as it arrives, whatever its version."""

    @override
    def issue_grants(self, entitled: Entitlement) -> list[UUID]:
        latest = self._source(entitled.source_id).latest_version
        return super().issue_grants(replace(entitled, source_version=latest + 1))

    @override
    def follow_membership(
        self,
        membership_id: UUID,
        version: int,
        revoked_for: RevocationCause | None = None,
        window: Window | None = None,
    ) -> None:
        latest = self._source(membership_id).latest_version
        super().follow_membership(membership_id, latest + 1, revoked_for, window)


class Unforgiving(Access):
    """Restores nothing that was once revoked with its membership."""

    @override
    def follow_membership(
        self,
        membership_id: UUID,
        version: int,
        revoked_for: RevocationCause | None = None,
        window: Window | None = None,
    ) -> None:
        if revoked_for is not None:
            super().follow_membership(membership_id, version, revoked_for, window)


class Lenient(Chat):
    """Adds and removes members five minutes late."""

    def __init__(self, *arguments: Any, schedule: Schedule, **more: Any) -> None:
        class Late:
            def at(self, kind: str, key: str, due_at: datetime, payload: Any) -> None:
                schedule.at(kind, key, due_at + timedelta(minutes=5), payload)

            def cancel(self, kind: str, key: str) -> None:
                schedule.cancel(kind, key)

        super().__init__(*arguments, schedule=Late(), **more)


class Credulous(Chat):
    """Applies each event of a team as it arrives, whatever its version."""

    @override
    def change_team_role(
        self, space_id: UUID, person_id: UUID, role: Role | None, space_version: int
    ) -> None:
        latest = self._team(space_id).role_versions.get(person_id, 0)
        super().change_team_role(space_id, person_id, role, latest + 1)


class Holding(Orders):
    """Expires orders and keeps their seats."""

    @override
    def _expire(self, order: Order, seat: Seat, reason: SeatReason, now: datetime) -> None:
        if order.is_open:
            order.expire(reason.value, now)
            self._end(order)


class Generous(Orders):
    """Holds a seat for as long as somebody may still want to pay."""

    @override
    def _schedule_end_of_hold(self, order: Order) -> None:
        pass


class Amnesiac(MortalStore):
    """Carries out every command, even a repeated one."""

    @override
    def execute(self, cause: Cause, decide: Callable[[], R]) -> R:
        return self.work(cause, decide)


class NamesNoRefund:
    """Asks the bank for each refund under a new key, without its purpose."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bank, name)

    def refund(self, asked: RefundRequest) -> ProviderRefund:
        key = str(self._bank.injector.new_id())
        return self._bank.refund(replace(asked, idempotency_key=key))

    def get(self, payment_intent_id: str) -> ProviderPayment:
        payment = self._bank.get(payment_intent_id)
        nameless = tuple(replace(refund, request_id=None) for refund in payment.refunds)
        return replace(payment, refunds=nameless)


class Trusting(Reconciler):
    """Reads no list: relies on webhooks alone."""

    @override
    def step(self, day: str | None = None, *, up_to_now: bool = False) -> Record:
        return lambda: None

    @override
    def look_back(self) -> Record:
        return lambda: None


WITHOUT: Final[Mapping[str, Protections]] = {
    "conditional update": Protections(counters=ReadThenWrite),
    "memory of commands": Protections(make_store=Amnesiac),
    "inbox": Protections(make_store=Forgetful),
    "lattice": Protections(orders=Hasty),
    "way back of a payment": Protections(payments=KeepsTheMoney),
    "way back at once": Protections(payments=TakesItsTime),
    "members of the chat at once": Protections(chat=Lenient),
    "seat that comes back": Protections(orders=Holding),
    "version of a membership": Protections(access=Gullible),
    "restoring of a membership": Protections(access=Unforgiving),
    "end of a hold": Protections(orders=Generous),
    "name of a refund": Protections(provider=NamesNoRefund),
    "reconciliation": Protections(reconciler=Trusting),
    "expectation of the last message": Protections(relay_expects=False),
    "order of each entity": Protections(keeps_order=False),
    "acknowledging after the commit": Protections(acknowledges_first=True),
}
"""Each protection that can be switched off, and the world without it."""
