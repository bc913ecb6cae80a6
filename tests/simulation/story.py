"""The course of one story: random steps, then calm until nothing is left to do."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.catalog.domain import PassDraft, PricingType, SpaceDetails, Terms
from services.checkout.payments.provider.protocol import PaymentStatus
from tests.simulation.buyers import Buyers
from tests.simulation.edge import OnSale, time_of
from tests.simulation.machinery import ROUNDS, Machinery
from tests.simulation.money import Damage
from tests.simulation.team import SPACE, Team
from tests.simulation.wiring import SERVICES
from tests.simulation.world import World

_MOST_ROUNDS: Final = 200
_TRIES: Final = 4
_PATIENT_ROUNDS: Final = 30
_UNTIL_ALL_ROUNDS_WERE_HERE: Final = timedelta(hours=28)
"""The sums of a day are compared at three in the following night."""

Bound = tuple[timedelta, Callable[[World], Damage]]
"""What must be true so long after the last fault."""


class NeverCalm(AssertionError):
    """Work remains, however long one waits."""


class Story(Buyers, Team, Machinery):
    """One world from its first pass to its last open order."""

    def __init__(self, world: World, steps: int) -> None:
        super().__init__(world)
        self.steps = steps
        self.after_step: Callable[[], None] = lambda: None
        self.bounds: tuple[Bound, ...] = ()
        world.meanwhile = self._meanwhile
        world.crowd = self._crowd
        self._wishes: list[tuple[int, Callable[[], str | None]]] = [
            (9, self.buy),
            (3, self.buy_again_by_the_same_command),
            (5, self.ask_for_the_form),
            (16, self.pay),
            (3, self.hear_from_the_bank),
            (12, self.receive_webhook),
            (4, self.return_from_paying),
            (34, self.work),
            (10, self.publish),
            (30, self.deliver),
            (3, self.pass_time),
            (6, self.refund),
            (1, self.refund_by_hand),
            (2, self.reject_refund),
            (2, self.comp),
            (2, self.revoke),
            (2, self.ban),
            (3, self.change_capacity),
            (1, self.change_team),
            (1, self.add_experience),
            (1, self.crash),
            (1, self.lose_a_stream),
            (1, self.reach),
        ]

    def begin(self) -> None:
        """Create a space with a few passes, and people who want them."""
        self._open_space()
        for number in range(self.injector.one_of((1, 1, 2))):
            price = self.injector.one_of((0, 1990, 1990, 5000))
            terms = Terms(
                PricingType.ONE_TIME if price else PricingType.FREE,
                "EUR",
                price_minor=price,
                stock=self.injector.one_of((None, 1, 1, 2, 3)),
                expires_after_days=self.injector.one_of((None, None, None, 1)),
            )
            self._offer(number, terms, self.injector.one_of((1, 2)))
        for _ in range(self.injector.one_of((2, 3, 4, 5))):
            person = self.injector.new_id()
            self.world.register(person)
            if self.injector.chance(0.7):
                self.make_known(person)
        self.settle_down(within=timedelta(0))

    def prepare(self, price_minor: int, seats: int | None, people: int) -> None:
        """Create the same without randomness: one pass to everything, and reachable people."""
        self._open_space()
        terms = Terms(PricingType.ONE_TIME, "EUR", price_minor=price_minor, stock=seats)
        self._offer(0, terms, len(self.experiences))
        for _ in range(people):
            person = self.injector.new_id()
            self.world.register(person)
            self.make_known(person)
        self.settle_down(within=timedelta(0))

    def _open_space(self) -> None:
        self.world.register(self.owner)
        details = SpaceDetails("The Studio", "Piano.", "Europe/Vienna")
        self.insist(
            "catalog",
            lambda app: app.create_space(self.space_id, self.owner, SPACE, details, "EUR"),
        )
        for _ in range(2):
            self.add_experience()
        self.insist("catalog", lambda app: app.publish_space(SPACE, self.owner))

    def _offer(self, number: int, terms: Terms, experiences: int) -> None:
        inside = tuple(self.experiences[:experiences])
        draft = PassDraft(f"Pass {number}", "Everything.", inside, terms)
        slug, pass_id = f"pass-{number}", self.injector.new_id()
        self.insist("catalog", lambda app: app.draft_pass(SPACE, self.owner, pass_id, slug, draft))
        self.insist("catalog", lambda app: app.publish_pass(SPACE, self.owner, slug))
        self.passes.append(OnSale(pass_id, slug, draft))
        self.injector.tell(f"{slug} is on sale: {terms.price_minor} minor, {terms.stock} seats")

    def run(self) -> None:
        """Make that many steps, and check after each what must hold at any moment."""
        for _ in range(self.steps):
            self.step()
            self.after_step()

    def step(self) -> None:
        """Make a random step; one that finds nothing to do is replaced by another."""
        acts = [act for _, act in self._wishes]
        weights = [weight for weight, _ in self._wishes]
        for act in self.injector.random.choices(acts, weights, k=_TRIES):
            said = act()
            if said is not None:
                self.injector.tell(f"{time_of(self.world.clock.now())} {said}")
                return

    def _meanwhile(self) -> None:
        """Continue the story during a call to the bank."""
        if self.injector.mishap(0.15):
            act = self.injector.one_of(
                (self.pay, self.receive_webhook, self.return_from_paying, self.work, self.work,
                 self.buy, self.hear_from_the_bank, self.ask_for_the_form, self.pass_a_moment)
            )  # fmt: skip
            self.injector.tell(f"   meanwhile {act()}")

    def _crowd(self, pass_id: UUID) -> None:
        """Let another buyer be faster between the read and the update of a seat.

        It must be a new buyer, because any other might wait for the one in progress.
        """
        if not self.injector.mishap(0.25):
            return
        rows = self.world.site.rows(
            "checkout", "SELECT DISTINCT person_id FROM order_list WHERE pass_id = %s", pass_id
        )
        known = {row["person_id"] for row in rows}
        known |= {person for person, on in self._reaching if on == pass_id}
        new = [person for person in self.world.people[1:] if person not in known]
        if new:
            self.injector.tell(
                f"   at the same moment {self.open_order(self.injector.one_of(new), pass_id)}"
            )

    def settle_down(self, within: timedelta | None = None) -> None:
        """Stop all faults: do all remaining work, and wait for everything that is due.

        Reconciliation of the hour and of the night finds what no webhook reported.
        """
        was_calm, self.injector.calm = self.injector.calm, True
        rounds_are_over = False
        begun = self.world.clock.now()
        bounds = list(self.bounds) if within is None else []
        while within is None and self.reach() is not None:
            pass
        for number in range(_MOST_ROUNDS):
            while self._do_what_there_is():
                pass
            if within is not None:
                break
            at = self._next(number, self._look(begun, bounds))
            if at is None and rounds_are_over:
                break
            if at is None:
                rounds_are_over = True
                at = self.world.clock.now() + _UNTIL_ALL_ROUNDS_WERE_HERE
            self.world.pass_time(at - self.world.clock.now())
        else:
            raise NeverCalm(f"after {self.world.clock.now() - begun}: {self._left()}")
        self.injector.calm = was_calm

    def _look(self, begun: datetime, bounds: list[Bound]) -> datetime | None:
        """Check whether all is as it must be by now; returns when to check again."""
        while bounds and self.world.clock.now() >= begun + bounds[0][0]:
            self.lies += bounds.pop(0)[1](self.world)
        return begun + bounds[0][0] if bounds else None

    def _next(self, number: int, bound: datetime | None) -> datetime | None:
        """Return how far the clock advances: to the next due work, but not past a moment to
        check."""
        due = self._next_due()
        if due is None:
            return bound
        # Work that is postponed repeatedly waits until the bank forgets a key.
        least = timedelta(seconds=16) if number < _PATIENT_ROUNDS else timedelta(hours=3)
        at = max(due, self.world.clock.now() + least)
        return at if bound is None else min(at, bound)

    def _do_what_there_is(self) -> int:
        done = self.world.publish_identity()
        for payment in self.world.bank.of_status(PaymentStatus.PROCESSING):
            self.world.bank.decide(payment, paid=self.injector.chance(0.7))
        for event in list(self.world.bank.webhooks):
            self.hand_in(event)
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
        """Return when the schedule has work again, except recurring work."""
        due = [
            row["due"]
            for service in SERVICES
            for row in self.world.site.rows(
                service,
                "SELECT min(greatest(due_at, leased_until)) AS due FROM schedule"
                " WHERE kind <> ALL(%s)",
                list(ROUNDS),
            )
            if row["due"] is not None
        ]
        return min(due, default=None)

    def _left(self) -> list[str]:
        return [
            f"{service}: {row['kind']} {row['last_error']}"
            for service in SERVICES
            for row in self.world.site.rows(service, "SELECT kind, last_error FROM schedule")
            if row["kind"] not in ROUNDS
        ]

    def say_all_again(self) -> None:
        """Repeat every webhook, every command and every return page."""
        for event in dict.fromkeys(self.delivered):
            self.hand_in(event)
        for command, person, pass_id in dict.fromkeys(self.commands):
            if self._was_answered(command):
                self.open_order(person, pass_id, command)
        rows = self.world.site.rows("checkout", "SELECT order_id FROM order_list ORDER BY 1")
        for row in rows:
            self.come_back(row["order_id"])

    def _was_answered(self, command: UUID) -> bool:
        found = "SELECT 1 FROM commands WHERE command_id = %s"
        return bool(self.world.site.rows("checkout", found, command))

    def count_purchases(self) -> int:
        """Return how many passes were given."""
        return len(self.world.site.rows("checkout", "SELECT FROM membership_list"))
