"""What happens in one story: steps that chance chooses, then calm until nothing is left to do."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from libs.runtime.cause import Cause
from libs.runtime.contacts import Contact
from services.access.application import Entitlement
from services.access.domain import BanReason, GrantReason, RevocationCause
from services.catalog.domain import (
    ExperienceKind,
    PassDraft,
    PricingType,
    Role,
    SpaceDetails,
    Terms,
)
from services.checkout.domain import Payment, PaymentStatus, ProviderSilent, WebhookEvent
from tests.simulation.cast import SERVICES, finish
from tests.simulation.world import BEGINNING, World

SPACE: Final = "studio"
_CARDS: Final = ("pays",) * 5 + ("declines", "declines", "challenges", "processes")
_ROUNDS: Final = ("sweep_webhooks", "audit_stock")
_MOST_ROUNDS: Final = 200
_PATIENT_ROUNDS: Final = 30
_JUMPS_S: Final = (1, 5, 20, 20, 130, 130, 300, 601, 601, 1800, 90_000)


@dataclass(frozen=True)
class OnSale:
    """A pass of the story, as it was published last."""

    pass_id: UUID
    slug: str
    draft: PassDraft


class NeverCalm(AssertionError):
    """However long one waits, something is left to do."""


class Story:
    """One world from its first pass to its last open order."""

    def __init__(self, world: World, steps: int) -> None:
        self.world = world
        self.fate = world.fate
        self.steps = steps
        self.owner = self.fate.new_id()
        self.space_id = self.fate.new_id()
        self.experiences: list[UUID] = []
        self.passes: list[OnSale] = []
        self.banned: set[UUID] = set()
        self.commands: list[tuple[UUID, UUID, UUID]] = []
        self.after_step: Callable[[], None] = lambda: None
        self.delivered: list[WebhookEvent] = []
        self.refund_requests: set[UUID] = set()
        world.meanwhile = self._meanwhile
        world.crowd = self._crowd
        self._wishes: list[tuple[int, Callable[[], str | None]]] = [
            (10, self.buy),
            (3, self.buy_again_by_the_same_command),
            (6, self.ask_for_the_form),
            (14, self.pay),
            (3, self.hear_from_the_bank),
            (12, self.receive_webhook),
            (5, self.return_from_paying),
            (20, self.work),
            (8, self.publish),
            (26, self.deliver),
            (6, self.pass_time),
            (4, self.refund),
            (1, self.refund_by_hand),
            (2, self.comp),
            (2, self.revoke),
            (2, self.ban),
            (2, self.change_capacity),
            (1, self.change_team),
            (1, self.add_experience),
            (1, self.crash),
            (1, self.lose_a_stream),
            (2, self.reach),
        ]

    # The beginning

    def begin(self) -> None:
        """A space with a few passes, and people who want them."""
        self.world.register(self.owner)
        details = SpaceDetails("The Studio", "Piano.", "Europe/Vienna")
        self._must(
            "catalog",
            lambda app: app.create_space(self.space_id, self.owner, SPACE, details, "EUR"),
        )
        for _ in range(2):
            self.add_experience()
        self._must("catalog", lambda app: app.publish_space(SPACE, self.owner))
        for number in range(self.fate.one_of((1, 1, 2))):
            self._offer(number)
        for _ in range(self.fate.one_of((2, 3, 4, 5))):
            person = self.fate.new_id()
            self.world.register(person)
            if self.fate.chance(0.7):
                self._know(person)
        self.settle_down(within=timedelta(0))

    def _offer(self, number: int) -> None:
        price = self.fate.one_of((0, 1990, 1990, 5000))
        terms = Terms(
            PricingType.ONE_TIME if price else PricingType.FREE,
            "EUR",
            price_minor=price,
            stock=self.fate.one_of((None, 1, 1, 2, 3)),
            expires_after_days=self.fate.one_of((None, None, None, 1)),
        )
        inside = tuple(self.experiences[: self.fate.one_of((1, 2))])
        draft = PassDraft(f"Pass {number}", "Everything.", inside, terms)
        slug, pass_id = f"pass-{number}", self.fate.new_id()
        self._must("catalog", lambda app: app.draft_pass(SPACE, self.owner, pass_id, slug, draft))
        self._must("catalog", lambda app: app.publish_pass(SPACE, self.owner, slug))
        self.passes.append(OnSale(pass_id, slug, draft))
        self.fate.tell(f"{slug} is on sale: {price} minor, {terms.stock} seats")

    def _know(self, person: UUID) -> None:
        self.world.contacts[person] = Contact(email=f"{person.hex[:8]}@example.com")

    # The middle

    def run(self) -> None:
        """As many steps as were wanted, checking after each what must hold at any moment."""
        for _ in range(self.steps):
            self.step()
            self.after_step()

    def step(self) -> None:
        """Something happens."""
        weights = [weight for weight, _ in self._wishes]
        (_, act) = self.fate.random.choices(self._wishes, weights)[0]
        said = act()
        if said is not None:
            self.fate.tell(f"{_clock(self.world.clock.now())} {said}")

    def _meanwhile(self) -> None:
        """While a call to the bank is under way, the world does not stand still."""
        if self.fate.mishap(0.15):
            act = self.fate.one_of(
                (self.pay, self.receive_webhook, self.return_from_paying, self.work, self.work,
                 self.buy, self.hear_from_the_bank, self.ask_for_the_form, self.pass_a_moment)
            )  # fmt: skip
            self.fate.tell(f"   meanwhile {act()}")

    def _crowd(self, pass_id: UUID) -> None:
        """Between the look and the reach for a seat, another hand may be quicker.

        The hand of somebody new: any other may have to wait for the one who is under way.
        """
        if not self.fate.mishap(0.25):
            return
        rows = self.world.site.rows(
            "checkout", "SELECT DISTINCT person_id FROM order_list WHERE pass_id = %s", pass_id
        )
        known = {row["person_id"] for row in rows}
        known |= {person for person, on in self._reaching if on == pass_id}
        new = [person for person in self.world.people[1:] if person not in known]
        if new:
            self.fate.tell(f"   at the same moment {self._open(self.fate.one_of(new), pass_id)}")

    # Buyers

    _reaching: tuple[tuple[UUID, UUID], ...] = ()

    def buy(self) -> str | None:
        """Somebody presses the button."""
        person = self.fate.one_of(self.world.people)
        return self._open(person, self.fate.one_of(self.passes).pass_id)

    def _open(self, person: UUID, pass_id: UUID, command: UUID | None = None) -> str:
        command_id = command or self.fate.new_id()
        self.commands.append((command_id, person, pass_id))
        self._reaching = (*self._reaching, (person, pass_id))
        try:
            outcome = self._try(
                "checkout", lambda app: app.open_order(command_id, person, pass_id), command_id
            )
        finally:
            self._reaching = self._reaching[:-1]
        if outcome.startswith("order ") and self.fate.chance(0.8):
            self._ensure(UUID(outcome.removeprefix("order ")))
        return f"{_who(person)} buys: {outcome}"

    def buy_again_by_the_same_command(self) -> str | None:
        """A double click, or the browser sends it once more."""
        if not self.commands:
            return None
        command, person, pass_id = self.fate.one_of(self.commands)
        return f"again, {self._open(person, pass_id, command)}"

    def ask_for_the_form(self) -> str | None:
        """The page asks how an open order can be paid."""
        order = self._an_order("open")
        if order is None:
            return None
        self._ensure(order)
        return f"the form of {_who(order)} is asked for"

    def _ensure(self, order_id: UUID) -> None:
        cause = Cause(self.fate.new_id())

        def ensure(process: Any) -> None:
            process.payments.ensure(order_id, cause)

        self._silently("checkout", ensure)

    def pay(self) -> str | None:
        """A card is put into a form that somebody has in front of them."""
        rows = self.world.site.rows("checkout", "SELECT payment_intent_id FROM payment_list")
        known = {row["payment_intent_id"] for row in rows}
        payable = self.world.bank.of_status(PaymentStatus.AWAITING, PaymentStatus.CHALLENGED)
        open_ = [payment for payment in payable if _id(payment) in known]
        if not open_:
            return None
        payment, how = self.fate.one_of(open_), self.fate.one_of(_CARDS)
        self.world.bank.pay(payment, how)
        return f"{payment.payment_intent_id}: the card {how}"

    def hear_from_the_bank(self) -> str | None:
        """A bank that took its time has decided."""
        waiting = self.world.bank.of_status(PaymentStatus.PROCESSING)
        if not waiting:
            return None
        payment, paid = self.fate.one_of(waiting), self.fate.chance(0.7)
        self.world.bank.decide(payment, paid=paid)
        return f"{payment.payment_intent_id}: the bank {'pays' if paid else 'refuses'}"

    def return_from_paying(self) -> str | None:
        """The browser is sent back to us, whatever has happened."""
        order = self._an_order("open", "expired", "fulfilled")
        if order is None:
            return None
        self._come_back(order)
        return f"back on the page of {_who(order)}"

    def _come_back(self, order: UUID) -> None:
        cause = Cause(self.fate.new_id())

        def settle(process: Any) -> None:
            process.payments.settle_order(order, cause)

        self._silently("checkout", settle)

    def receive_webhook(self) -> str | None:
        """Any webhook that is on its way arrives; it may arrive again."""
        on_their_way = self.world.bank.webhooks
        if not on_their_way:
            return None
        event = self.fate.one_of(on_their_way)
        twice = self.fate.mishap(0.2)
        if self._receive(event) and not twice:
            on_their_way.remove(event)
        return f"webhook {event.event_id} {event.type} of {event.payment_intent_id}"

    def _receive(self, event: WebhookEvent) -> bool:
        self.delivered.append(event)

        def receive(process: Any) -> bool:
            finish(process.webhooks.receive(event))
            return True

        return self.world.run("checkout", receive) or False

    # The machinery

    def work(self) -> str | None:
        """A worker does one thing that is due."""
        service = self.fate.one_of(("checkout", "checkout", "access", "chat", "notifications"))
        done = self.world.work(service)
        return None if done is None else f"{service} works: {done}"

    def publish(self) -> str | None:
        """A relay sends what is new."""
        self.world.publish_identity()
        service = self.fate.one_of(SERVICES)
        sent = self.world.publish(service, self.fate.one_of((1, 5, 20)))
        return f"{service} publishes {sent}" if sent else None

    def deliver(self) -> str | None:
        """A consumer is given a message."""
        durable = self.fate.one_of(self.world.bus.durables)
        waiting = self.world.bus.waiting(durable)
        if not waiting:
            return None
        # Of what may come next, mostly the next.
        message = waiting[0] if self.fate.chance(0.5) else self.fate.one_of(waiting)
        handled = self.world.deliver(durable, message)
        hears = f"{durable.consumer} hears {message.headers['ce-type']} {message.sequence}"
        return hears if handled else f"{hears}: not handled"

    def crash(self) -> str | None:
        """A process is killed while it does nothing."""
        service = self.fate.one_of(SERVICES)
        if self.fate.calm:
            return None
        self.world.restart(service)
        return f"{service} is killed"

    def lose_a_stream(self) -> str | None:
        """NATS comes back with an older disk, or an empty one."""
        producer = self.fate.one_of(SERVICES)
        there = len(self.world.bus.streams.get(producer, []))
        keep = self.fate.random.randint(0, there)
        self.world.bus.forget(producer, keep)
        return f"the stream of {producer} falls back from {there} to {keep}"

    def pass_time(self) -> str | None:
        """The clock goes on, a little or a lot."""
        by = self.fate.one_of(_JUMPS_S)
        self.world.pass_time(timedelta(seconds=by))
        return f"{by} s later"

    def pass_a_moment(self) -> str:
        """As long as an answer may take."""
        self.world.pass_time(timedelta(seconds=2))
        return "2 s pass"

    def reach(self) -> str | None:
        """Someone's address comes into the contact bucket."""
        for person in self.world.people:
            if person not in self.world.contacts:
                self._know(person)
                return f"{_who(person)} can be reached"
        return None

    # The team

    def refund(self) -> str | None:
        """The team gives money back, some or all."""
        order = self._an_order("fulfilled")
        if order is None:
            return None
        amount, request = self.fate.one_of((None, None, 100, 990)), self.fate.new_id()
        self.refund_requests.add(request)
        outcome = self._try(
            "checkout", lambda app: app.request_refund(request, order, amount, "creator")
        )
        return f"refund of {amount or 'all'} for {_who(order)}: {outcome}"

    def refund_by_hand(self) -> str | None:
        """From the bank's own page."""
        bank = self.world.bank
        paid = [p for p in bank.of_status(PaymentStatus.SUCCEEDED) if bank.left_of(_id(p)) > 0]
        if not paid:
            return None
        payment = self.fate.one_of(paid)
        left = bank.left_of(_id(payment))
        amount = self.fate.one_of((None, max(1, left // 3)))
        bank.refund_by_hand(payment, amount)
        return f"{_id(payment)}: {amount or 'all'} sent back by hand"

    def comp(self) -> str | None:
        """Somebody is let in for nothing."""
        now, source = self.world.clock.now(), self.fate.new_id()
        until = self.fate.one_of((None, now + timedelta(hours=2)))
        entitled = Entitlement(
            source_id=source,
            person_id=self.fate.one_of(self.world.people[1:]),
            space_id=self.space_id,
            experience_ids=[self.fate.one_of(self.experiences)],
            reason=GrantReason.COMP,
            valid_from=now + timedelta(seconds=self.fate.one_of((0, 0, 400))),
            valid_until=until,
        )

        outcome = self._try("access", lambda app: [str(g) for g in app.give_comp(entitled)])
        return f"comp for {_who(entitled.person_id)} until {until}: {outcome}"

    def revoke(self) -> str | None:
        """A grant is taken back."""
        rows = self.world.site.rows("access", "SELECT grant_id FROM grant_list ORDER BY grant_id")
        if not rows:
            return None
        grant: UUID = self.fate.one_of(rows)["grant_id"]
        cause = RevocationCause.CREATOR
        outcome = self._try("access", lambda app: app.revoke_grant(grant, cause))
        return f"grant {_who(grant)} is revoked: {outcome}"

    def ban(self) -> str | None:
        """Somebody is kept out, or let in again."""
        person = self.fate.one_of(self.world.people[1:])
        lift = person in self.banned and self.fate.chance(0.6)
        if lift:
            outcome = self._try("access", lambda app: app.lift_ban(self.space_id, person))
            self.banned.discard(person)
        else:
            reason = BanReason.SPAM
            outcome = self._try("access", lambda app: app.ban_person(self.space_id, person, reason))
            self.banned.add(person)
        return f"{_who(person)} is {'let in again' if lift else 'banned'}: {outcome}"

    def change_capacity(self) -> str | None:
        """The pass gets another number of seats."""
        number = self.fate.random.randrange(len(self.passes))
        old = self.passes[number]
        stock = self.fate.one_of((None, 1, 1, 2, 4))
        draft = replace(old.draft, terms=replace(old.draft.terms, stock=stock))
        rows = self.world.site.rows(
            "catalog",
            "SELECT max(originator_version) AS version FROM events WHERE originator_id = %s",
            old.pass_id,
        )
        version = rows[0]["version"]
        outcome = self._try(
            "catalog",
            lambda app: app.change_pass(SPACE, self.owner, old.slug, draft, version),
        )
        outcome += self._try("catalog", lambda app: app.publish_pass(SPACE, self.owner, old.slug))
        self.passes[number] = replace(old, draft=draft)
        return f"{old.slug} gets {stock} seats: {outcome}"

    def change_team(self) -> str | None:
        """Somebody joins the team, or leaves it."""
        if not self.world.orderly:
            # The chat hears of teams in their order; nothing else is promised there.
            return None
        person = self.fate.one_of(self.world.people[1:])
        if self.fate.chance(0.5):
            role = Role.MODERATOR
            outcome = self._try(
                "catalog", lambda app: app.add_to_team(SPACE, self.owner, person, role)
            )
        else:
            outcome = self._try(
                "catalog", lambda app: app.remove_from_team(SPACE, self.owner, person)
            )
        return f"{_who(person)} joins or leaves the team: {outcome}"

    def add_experience(self) -> str | None:
        """There is one more thing to enter."""
        if len(self.experiences) >= 4:
            return None
        new, slug = self.fate.new_id(), f"thing-{len(self.experiences)}"
        outcome = self._must(
            "catalog",
            lambda app: app.add_experience(
                SPACE, self.owner, new, slug, slug.title(), ExperienceKind.CHAT
            ),
        )
        self.experiences.append(new)
        return f"{slug} is added: {outcome}"

    # The end

    def settle_down(self, within: timedelta | None = None) -> None:
        """No more mishaps: do all there is to do, and wait for all that is still to come."""
        was_calm, self.fate.calm = self.fate.calm, True
        begun = self.world.clock.now()
        while within is None and self.reach() is not None:
            pass
        for number in range(_MOST_ROUNDS):
            while self._do_what_there_is():
                pass
            if within is not None:
                break
            due = self._next_due()
            if due is None:
                break
            # What is put off again and again waits for a key of the bank to be forgotten.
            least = timedelta(seconds=16) if number < _PATIENT_ROUNDS else timedelta(hours=3)
            self.world.pass_time(max(due - self.world.clock.now(), least))
        else:
            raise NeverCalm(f"after {self.world.clock.now() - begun}: {self._left()}")
        self.fate.calm = was_calm

    def _do_what_there_is(self) -> int:
        done = self.world.publish_identity()
        for payment in self.world.bank.of_status(PaymentStatus.PROCESSING):
            self.world.bank.decide(payment, paid=self.fate.chance(0.7))
        for event in list(self.world.bank.webhooks):
            self._receive(event)
            self.world.bank.webhooks.remove(event)
            done += 1
        for service in SERVICES:
            done += self.world.publish(service, 200)
            while self.world.work(service) is not None:
                done += 1
        for durable in self.world.bus.durables:
            while waiting := self.world.bus.waiting(durable):
                self.world.deliver(durable, waiting[0])
                done += 1
        return done

    def _next_due(self) -> datetime | None:
        """When the schedule has something to do again, the rounds of every minute left aside."""
        due = [
            row["due"]
            for service in SERVICES
            for row in self.world.site.rows(
                service,
                "SELECT min(greatest(due_at, leased_until)) AS due FROM schedule"
                " WHERE kind <> ALL(%s)",
                list(_ROUNDS),
            )
            if row["due"] is not None
        ]
        return min(due, default=None)

    def _left(self) -> list[str]:
        return [
            f"{service}: {row['kind']} {row['last_error']}"
            for service in SERVICES
            for row in self.world.site.rows(service, "SELECT kind, last_error FROM schedule")
            if row["kind"] not in _ROUNDS
        ]

    def say_all_again(self) -> None:
        """Every webhook, every command and every return page, as it was."""
        for event in dict.fromkeys(self.delivered):
            self._receive(event)
        for command, person, pass_id in dict.fromkeys(self.commands):
            if self._was_answered(command):
                self._open(person, pass_id, command)
        rows = self.world.site.rows("checkout", "SELECT order_id FROM order_list ORDER BY 1")
        for row in rows:
            self._come_back(row["order_id"])

    def _was_answered(self, command: UUID) -> bool:
        found = "SELECT 1 FROM commands WHERE command_id = %s"
        return bool(self.world.site.rows("checkout", found, command))

    def count_purchases(self) -> int:
        """How many passes were given."""
        return len(
            self.world.site.rows(
                "checkout", "SELECT 1 FROM order_list WHERE granted_from IS NOT NULL"
            )
        )

    # How it is done

    def _an_order(self, *statuses: str) -> UUID | None:
        rows = self.world.site.rows(
            "checkout",
            "SELECT order_id FROM order_list WHERE status = ANY(%s) ORDER BY opened_at, order_id",
            list(statuses),
        )
        return self.fate.one_of(rows)["order_id"] if rows else None

    def _try(
        self, service: str, decide: Callable[[Any], Any], command_id: UUID | None = None
    ) -> str:
        """A command as an edge gives it: done, refused, or who knows, for the process died."""
        cause = Cause(command_id or self.fate.new_id())

        def command(process: Any) -> str:
            def answer() -> str:
                decided = decide(process.application)
                return f"order {decided}" if isinstance(decided, str) else "done"

            return str(process.store.execute(cause, answer))

        try:
            return self.world.run(service, command) or "unknown"
        except self.world.processes[service].refusals as refused:
            return type(refused).__name__

    def _must(self, service: str, decide: Callable[[Any], Any]) -> str:
        """As an edge that gives the same command again until it is answered."""
        command_id = self.fate.new_id()
        while (outcome := self._try(service, decide, command_id)) == "unknown":
            pass
        return outcome

    def _silently(self, service: str, act: Callable[[Any], None]) -> None:
        """What the edge does when the bank is silent: nothing."""
        try:
            self.world.run(service, act)
        except ProviderSilent as silent:
            self.fate.tell(f"   the bank is silent: {silent}")
        except self.world.processes[service].refusals as refused:
            self.fate.tell(f"   refused: {refused!r}")


def _id(payment: Payment) -> str:
    return payment.payment_intent_id


def _who(id_: UUID) -> str:
    return id_.hex[:4]


def _clock(at: datetime) -> str:
    passed = int((at - BEGINNING).total_seconds())
    return f"{passed // 3600:02}:{passed // 60 % 60:02}:{passed % 60:02}"
