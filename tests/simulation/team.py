"""The actions of the space's team."""

from dataclasses import replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from services.access.application import Entitlement
from services.access.domain import BanReason, GrantReason, RevocationCause
from services.catalog.domain import ExperienceKind, Role
from services.checkout.payments.provider.protocol import PaymentStatus
from tests.simulation.edge import Edge, intent_of, name_of

SPACE: Final = "studio"


class Team(Edge):
    """The team: sells, refunds, bans and admits."""

    def refund(self) -> str | None:
        """The team refunds some or all of the money."""
        order = self.an_order("fulfilled", least_minor=1)
        if order is None:
            return None
        amount, request = self.injector.one_of((None, None, 100, 990)), self.injector.new_id()
        outcome = self.ask(
            "checkout", lambda app: app.refunds.request_refund(request, order, amount, "creator")
        )
        return f"refund of {amount or 'all'} for {name_of(order)}: {outcome}"

    def refund_by_hand(self) -> str | None:
        """Refund from the bank's own page."""
        bank = self.world.bank
        paid = [
            p for p in bank.of_status(PaymentStatus.SUCCEEDED) if bank.left_of(intent_of(p)) > 0
        ]
        if not paid:
            return None
        payment = self.injector.one_of(paid)
        left = bank.left_of(intent_of(payment))
        amount = self.injector.one_of((None, max(1, left // 3)))
        bank.refund_by_hand(payment, amount)
        return f"{intent_of(payment)}: {amount or 'all'} refunded by hand"

    def reject_refund(self) -> str | None:
        """A customer's bank rejects a refund, so the creator keeps the money."""
        bank = self.world.bank
        refunded = [p for p in bank.of_status(PaymentStatus.SUCCEEDED) if p.refunds]
        if not refunded:
            return None
        payment = self.injector.one_of(refunded)
        bank.give_back(payment)
        return f"{intent_of(payment)}: the bank rejects the last refund"

    def comp(self) -> str | None:
        """Give somebody a comp."""
        now, source = self.world.clock.now(), self.injector.new_id()
        until = self.injector.one_of((None, now + timedelta(hours=2)))
        entitled = Entitlement(
            source_id=source,
            person_id=self.injector.one_of(self.world.people[1:]),
            space_id=self.space_id,
            experience_ids=[self.injector.one_of(self.experiences)],
            reason=GrantReason.COMP,
            valid_from=now + timedelta(seconds=self.injector.one_of((0, 0, 400))),
            valid_until=until,
        )

        outcome = self.ask("access", lambda app: [str(g) for g in app.give_comp(entitled)])
        return f"comp for {name_of(entitled.person_id)} until {until}: {outcome}"

    def revoke(self) -> str | None:
        """Revoke a grant."""
        rows = self.world.site.rows("access", "SELECT grant_id FROM grant_list ORDER BY grant_id")
        if not rows:
            return None
        grant: UUID = self.injector.one_of(rows)["grant_id"]
        cause = RevocationCause.CREATOR
        outcome = self.ask("access", lambda app: app.revoke_grant(grant, cause))
        return f"grant {name_of(grant)} is revoked: {outcome}"

    def ban(self) -> str | None:
        """Ban or unban somebody."""
        person = self.injector.one_of(self.world.people[1:])
        lift = person in self.banned and self.injector.chance(0.6)
        if lift:
            outcome = self.ask("access", lambda app: app.lift_ban(self.space_id, person))
            self.banned.discard(person)
        else:
            reason = BanReason.SPAM
            outcome = self.ask("access", lambda app: app.ban_person(self.space_id, person, reason))
            self.banned.add(person)
        return f"{name_of(person)} is {'let in again' if lift else 'banned'}: {outcome}"

    def change_capacity(self) -> str | None:
        """Change the pass's number of seats."""
        number = self.injector.random.randrange(len(self.passes))
        old = self.passes[number]
        stock = self.injector.one_of((None, 1, 1, 2, 4))
        draft = replace(old.draft, terms=replace(old.draft.terms, stock=stock))
        rows = self.world.site.rows(
            "catalog",
            "SELECT max(originator_version) AS version FROM events WHERE originator_id = %s",
            old.pass_id,
        )
        version = rows[0]["version"]
        outcome = self.ask(
            "catalog",
            lambda app: app.change_pass(SPACE, self.owner, old.slug, draft, version),
        )
        outcome += self.ask("catalog", lambda app: app.publish_pass(SPACE, self.owner, old.slug))
        self.passes[number] = replace(old, draft=draft)
        return f"{old.slug} gets {stock} seats: {outcome}"

    def change_team(self) -> str | None:
        """Somebody joins or leaves the team."""
        person = self.injector.one_of(self.world.people[1:])
        if self.injector.chance(0.5):
            role = Role.MODERATOR
            outcome = self.ask(
                "catalog", lambda app: app.add_to_team(SPACE, self.owner, person, role)
            )
        else:
            outcome = self.ask(
                "catalog", lambda app: app.remove_from_team(SPACE, self.owner, person)
            )
        return f"{name_of(person)} joins or leaves the team: {outcome}"

    def add_experience(self) -> str | None:
        """Add an experience."""
        if len(self.experiences) >= 4:
            return None
        new, slug = self.injector.new_id(), f"thing-{len(self.experiences)}"
        outcome = self.insist(
            "catalog",
            lambda app: app.add_experience(
                SPACE, self.owner, new, slug, slug.title(), ExperienceKind.CHAT
            ),
        )
        self.experiences.append(new)
        return f"{slug} is added: {outcome}"
