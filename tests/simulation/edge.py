"""How the story calls the services: as the edges do, which may get no answer at all."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.runtime.messaging.contacts import Contact
from libs.runtime.store.cause import Cause
from services.catalog.domain import PassDraft
from services.checkout.orders.queries import PURCHASE_COLUMNS, PURCHASE_TABLES
from services.checkout.payments.provider.protocol import (
    ProviderPayment,
    ProviderSilent,
    WebhookEvent,
)
from tests.simulation.world import BEGINNING, World


@dataclass(frozen=True)
class OnSale:
    """A pass of the story, as it was last published."""

    pass_id: UUID
    slug: str
    draft: PassDraft


class Edge:
    """What everyone in the story shares."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.injector = world.injector
        self.owner = self.injector.new_id()
        self.space_id = self.injector.new_id()
        self.experiences: list[UUID] = []
        self.passes: list[OnSale] = []
        self.banned: set[UUID] = set()
        self.commands: list[tuple[UUID, UUID, UUID]] = []
        self.delivered: list[WebhookEvent] = []
        self.lies: list[str] = []
        self._answers: dict[UUID, str] = {}

    def make_known(self, person: UUID) -> None:
        """Put their address into the contact bucket."""
        self.world.contacts[person] = Contact(email=f"{person.hex[:8]}@example.com")

    def an_order(self, *statuses: str, least_minor: int = 0) -> UUID | None:
        """Return any order in that state, of at least that amount."""
        rows = self.world.site.rows(
            "checkout",
            f"SELECT order_id FROM (SELECT {PURCHASE_COLUMNS} FROM {PURCHASE_TABLES}) AS bought"  # noqa: S608
            " WHERE status = ANY(%s) AND total_minor >= %s ORDER BY opened_at, order_id",
            list(statuses),
            least_minor,
        )
        return self.injector.one_of(rows)["order_id"] if rows else None

    def ask(
        self, service: str, decide: Callable[[Any], Any], command_id: UUID | None = None
    ) -> str:
        """Send a command as an edge does: done, refused, or unknown, if the process died."""
        cause = Cause(command_id or self.injector.new_id())

        def command(process: Any) -> str:
            def answer() -> str:
                decided = decide(process.application)
                return f"order {decided}" if isinstance(decided, str) else "done"

            return str(process.store.execute(cause, answer))

        try:
            answer = self.world.run(service, command)
        except self.world.processes[service].refusals as refused:
            answer = type(refused).__name__
        if answer is not None:
            self._note(cause.command_id, answer)
        return answer or "unknown"

    def _note(self, command_id: UUID, answer: str) -> None:
        """An executed command keeps its answer for ever; a refused one may succeed later."""
        before = self._answers.get(command_id, "")
        if before.startswith(("order ", "done")) and answer != before:
            self.lies.append(f"commands: {command_id} was answered {before!r}, now {answer!r}")
        self._answers[command_id] = answer

    def insist(self, service: str, decide: Callable[[Any], Any]) -> str:
        """Send a command as an edge that retries until it gets an answer."""
        command_id = self.injector.new_id()
        while (outcome := self.ask(service, decide, command_id)) == "unknown":
            pass
        return outcome

    def silently(self, service: str, act: Callable[[Any], None]) -> None:
        """Do what the edge does if the bank is silent: nothing."""
        try:
            self.world.run(service, act)
        except ProviderSilent as silent:
            self.injector.tell(f"   the bank is silent: {silent}")
        except self.world.processes[service].refusals as refused:
            self.injector.tell(f"   refused: {refused!r}")


def intent_of(payment: ProviderPayment) -> str:
    """Return the bank's name of it."""
    return payment.payment_intent_id


def name_of(id_: UUID) -> str:
    """Return a short name, to be readable."""
    return id_.hex[:4]


def time_of(at: datetime) -> str:
    """Return how long the story has lasted."""
    passed = int((at - BEGINNING).total_seconds())
    return f"{passed // 3600:02}:{passed // 60 % 60:02}:{passed % 60:02}"
