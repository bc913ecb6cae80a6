"""The actions of buyers, their browsers and their banks, and the bank's webhooks."""

from typing import Any, Final
from uuid import UUID

from libs.runtime.store.cause import Cause
from services.checkout.payments.provider.protocol import PaymentStatus, WebhookEvent
from tests.simulation.edge import Edge, intent_of, name_of
from tests.simulation.wiring import finish

_CARDS: Final = ("pays",) * 5 + ("declines", "declines", "challenges", "processes")


class Buyers(Edge):
    """The buyers."""

    _reaching: tuple[tuple[UUID, UUID], ...] = ()

    def buy(self) -> str | None:
        """Somebody presses the button."""
        fans = self.world.people[1:]
        person = self.owner if self.injector.chance(0.03) else self.injector.one_of(fans)
        return self.open_order(person, self.injector.one_of(self.passes).pass_id)

    def open_order(self, person: UUID, pass_id: UUID, command: UUID | None = None) -> str:
        command_id = command or self.injector.new_id()
        self.commands.append((command_id, person, pass_id))
        self._reaching = (*self._reaching, (person, pass_id))
        try:
            outcome = self.ask(
                "checkout",
                lambda app: app.orders.open_order(command_id, person, pass_id),
                command_id,
            )
        finally:
            self._reaching = self._reaching[:-1]
        if outcome.startswith("order ") and self.injector.chance(0.8):
            self.ensure(UUID(outcome.removeprefix("order ")))
        return f"{name_of(person)} buys: {outcome}"

    def buy_again_by_the_same_command(self) -> str | None:
        """A double click, or the browser repeats the request."""
        if not self.commands:
            return None
        command, person, pass_id = self.injector.one_of(self.commands)
        return f"again, {self.open_order(person, pass_id, command)}"

    def ask_for_the_form(self) -> str | None:
        """The page asks how an open order can be paid."""
        order = self.an_order("open")
        if order is None:
            return None
        self.ensure(order)
        return f"the form of {name_of(order)} is asked for"

    def ensure(self, order_id: UUID) -> None:
        cause = Cause(self.injector.new_id())

        def ensure(process: Any) -> None:
            process.charging.ensure(order_id, cause)

        self.silently("checkout", ensure)

    def pay(self) -> str | None:
        """A buyer uses a card in an open form."""
        rows = self.world.site.rows("checkout", "SELECT payment_intent_id FROM payment_list")
        known = {row["payment_intent_id"] for row in rows}
        payable = self.world.bank.of_status(PaymentStatus.AWAITING, PaymentStatus.CHALLENGED)
        open_ = [payment for payment in payable if intent_of(payment) in known]
        if not open_:
            return None
        payment, how = self.injector.one_of(open_), self.injector.one_of(_CARDS)
        self.world.bank.pay(payment, how)
        return f"{payment.payment_intent_id}: the card {how}"

    def hear_from_the_bank(self) -> str | None:
        """A slow bank decides."""
        waiting = self.world.bank.of_status(PaymentStatus.PROCESSING)
        if not waiting:
            return None
        payment, paid = self.injector.one_of(waiting), self.injector.chance(0.7)
        self.world.bank.decide(payment, paid=paid)
        return f"{payment.payment_intent_id}: the bank {'pays' if paid else 'refuses'}"

    def return_from_paying(self) -> str | None:
        """The browser returns to us, whatever has happened."""
        order = self.an_order("open", "expired", "fulfilled")
        if order is None:
            return None
        self.come_back(order)
        return f"back on the page of {name_of(order)}"

    def come_back(self, order: UUID) -> None:
        cause = Cause(self.injector.new_id())

        def settle(process: Any) -> None:
            process.charging.settle_order(order, cause)

        self.silently("checkout", settle)

    def receive_webhook(self) -> str | None:
        """Any pending webhook arrives; it may arrive again."""
        on_their_way = self.world.bank.webhooks
        if not on_their_way:
            return None
        event = self.injector.one_of(on_their_way)
        twice = self.injector.mishap(0.2)
        if self.hand_in(event) and not twice:
            on_their_way.remove(event)
        return f"webhook {event.event_id} {event.type} of {event.payment_intent_id}"

    def hand_in(self, event: WebhookEvent) -> bool:
        self.delivered.append(event)

        def receive(process: Any) -> bool:
            finish(process.webhooks.receive(event))
            return True

        return self.world.run("checkout", receive) or False
