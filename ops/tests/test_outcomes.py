"""The outcome of a purchase: each loss and each surplus is found, and the named command repairs
it."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from ops import stores
from ops.__main__ import app
from ops.replay.command import Selection, run
from ops.replay.compositions import compose
from ops.tests.operated import AT, Operated, an_offer, sell
from ops.tests.test_repairs import commands_in
from ops.verify.finding import Finding
from ops.verify.outcomes import DONE_WITHIN, SERVICES, Awaited, check_outcomes
from services.access.application import LOSE_SOURCE, Entitlement
from services.access.domain import GrantReason
from services.access.timers import TIMERS
from services.checkout.memberships.membership import Membership
from services.notifications.domain import Channel

pytestmark = pytest.mark.slow(90, "starts a small system")


@dataclass
class Shop:
    """A checkout that sells, and consumers that act when the test says so."""

    system: Operated
    checkout: Store[Any]
    access: Store[Any]
    notifications: Store[Any]

    def act(self, *services: Store[Any]) -> None:
        """Handle what the checkout has published so far; handled events are skipped."""
        with stores.reading(self.system.urls["checkout"]) as log:
            for store in services:
                done = run(store, log, "checkout", Selection(), dry_run=False)
                assert done.failed == 0

    def mail(self) -> None:
        """A mail server that takes everything."""
        letters = self.system.rows(
            "notifications",
            "SELECT notice_id FROM notice_list WHERE channel = 'email' AND status = 'requested'",
        )
        deliver = self.notifications.application.deliver_notice
        for (letter,) in letters:
            self.notifications.work(Cause(uuid4()), partial(deliver, letter))

    def look(
        self, awaited: Awaited | None = None, at: datetime | None = None
    ) -> tuple[list[Finding], Awaited]:
        """By default so late that everything should be done."""
        with ExitStack() as stack:
            logs = {
                name: stack.enter_context(stores.reading(self.system.urls[name]))
                for name in SERVICES
            }
            late = datetime.now(UTC) + DONE_WITHIN
            return check_outcomes(logs, awaited or Awaited(), at or late)

    def told(self) -> list[str]:
        return [each.sentence for each in self.look()[0]]

    def once_more(self, service: str, topic: str, change: str) -> None:
        """As if it had been done a second time under another id."""
        self.system.rows(
            service,
            "INSERT INTO events (originator_id, originator_version, topic, state, xact, command_id,"  # noqa: S608
            f" actor) SELECT {change}, topic, state, xact, command_id, actor FROM events"
            " WHERE topic = %s LIMIT 1",
            topic,
        )


@pytest.fixture
def shop(postgres: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    system = Operated.create(postgres, "nats://127.0.0.1:1")
    for name, value in system.environment.items():
        monkeypatch.setenv(name, value)
    composed = [compose(name, system.urls[name]) for name in ("access", "notifications")]
    checkout = system.store("checkout")
    yield Shop(system, checkout, *composed)
    for store in (checkout, *composed):
        store.close()


@pytest.fixture
def sold(shop: Shop) -> tuple[Shop, UUID]:
    """One purchase with everything that belongs to it."""
    order_id = sell(shop.checkout)
    shop.act(shop.access, shop.notifications)
    shop.mail()
    return shop, order_id


def test_purchase_with_all_its_effects_has_no_findings(sold: tuple[Shop, UUID]) -> None:
    shop, _ = sold

    found, awaited = shop.look()

    assert found == []
    assert awaited.memberships == awaited.grants == awaited.notices == []


def test_outcome_in_progress_is_no_finding_and_is_checked_again(shop: Shop) -> None:
    order_id = sell(shop.checkout)

    young, awaited = shop.look(at=datetime.now(UTC))
    late, still = shop.look(awaited)
    shop.act(shop.access, shop.notifications)
    shop.mail()
    done, over = shop.look(still)

    assert young == done == []
    assert [each.service for each in late] == ["access", "notifications"]
    assert awaited.memberships == still.memberships == [Membership.create_id(order_id)]
    assert over.memberships == []


def test_a_consumer_that_stopped_is_found_and_the_named_replay_does_its_work(shop: Shop) -> None:
    order_id = sell(shop.checkout)
    shop.act(shop.notifications)
    shop.mail()

    (found,) = shop.look()[0]
    done = CliRunner().invoke(app, commands_in(found.repair)[0])

    assert found.sentence == f"order {order_id}: 0 grants for 2 experiences"
    assert "1 were handled by access" in done.output
    assert shop.told() == []


def test_grants_that_are_gone_although_the_event_was_handled_are_found(
    sold: tuple[Shop, UUID],
) -> None:
    shop, order_id = sold
    shop.system.rows("access", "DELETE FROM events WHERE topic = 'access.grant.issued'")

    (found,) = shop.look()[0]

    assert found.sentence == f"order {order_id}: 0 grants for 2 experiences"
    assert "backstage restore DIR" in found.repair


def test_grants_that_open_no_door_are_found(sold: tuple[Shop, UUID]) -> None:
    shop, order_id = sold
    shop.system.rows("access", "DELETE FROM grant_list")

    (found,) = shop.look()[0]

    assert found.sentence == f"order {order_id}: 2 of its grants give no access"
    assert found.repair == "backstage projections rebuild access grant_list"


def test_a_grant_too_many_and_one_without_a_purchase_are_found_until_they_are_revoked(
    sold: tuple[Shop, UUID],
) -> None:
    shop, order_id = sold
    well, awaited = shop.look()
    shop.once_more("access", "access.grant.issued", "gen_random_uuid(), 1")
    nobody = Entitlement(uuid4(), uuid4(), uuid4(), [uuid4()], GrantReason.PURCHASE, AT)
    issued = shop.access.work(Cause(uuid4()), lambda: shop.access.application.issue_grants(nobody))

    found, later = shop.look(awaited)
    again, _ = shop.look(later)
    shop.system.rows(
        "access",
        "INSERT INTO events (originator_id, originator_version, topic, state, xact, command_id,"
        " actor) SELECT originator_id, 2, 'access.grant.revoked', state, xact, command_id, actor"
        " FROM events WHERE originator_id = ANY(%s)",
        later.grants,
    )

    sentences = sorted(each.sentence for each in found)
    assert well == []
    assert found == again
    assert len(later.grants) == 2
    assert sentences[0].startswith("a grant too many: ")
    assert f"of membership {Membership.create_id(order_id)}" in sentences[0]
    assert sentences[1].startswith(f"a grant without its purchase: {issued[0]}")
    assert shop.look(later)[0] == []


def test_grants_of_a_lost_order_are_taken_back_by_the_command_that_is_named(
    sold: tuple[Shop, UUID],
) -> None:
    shop, order_id = sold
    _, awaited = shop.look()
    lose_everything(shop)

    found, later = shop.look(awaited)
    done = CliRunner().invoke(app, [*commands_in(found[0].repair)[0], "--as", "ada"])
    work_off(shop.access)

    assert len(found) == 2
    assert {each.repair for each in found} == {
        f"backstage grants withdraw {Membership.create_id(order_id)}"
    }
    assert "access revokes 2 grants" in done.output
    assert shop.look(later)[0] == shop.look()[0] == []
    made = shop.system.rows(
        "access",
        "SELECT convert_from(state, 'UTF8')::jsonb FROM events"
        " WHERE topic = 'runtime.intervention.made'",
    )
    assert [(m["what"], m["target"], m["operator"]) for (m,) in made] == [
        ("access.lose_source", str(Membership.create_id(order_id)), "ada")
    ]


def test_a_lost_order_that_is_bought_again_has_grants_which_are_its_purchases(
    sold: tuple[Shop, UUID],
) -> None:
    shop, order_id = sold
    lose_everything(shop)
    withdraw(order_id)
    work_off(shop.access)
    find_again(shop)

    shop.act(shop.access)
    standing = "SELECT count(*) FROM grant_list WHERE revoked_at IS NULL"

    assert shop.system.rows("access", standing) == [(2,)]
    assert shop.look()[0] == []

    refund(shop, order_id)

    assert shop.told() == [
        f"order {order_id}: refunded in full, but 2 of its grants are still active"
    ]


def test_no_grants_of_a_purchase_are_taken_back_and_none_of_an_order_that_may_be_paid(
    sold: tuple[Shop, UUID],
) -> None:
    shop, order_id = sold
    status = "UPDATE order_list SET status = %s"

    stands = withdraw(order_id)
    unknown = withdraw(uuid4())
    lose_everything(shop)
    find_again(shop)
    shop.system.rows("checkout", "DELETE FROM events WHERE topic = 'checkout.membership.started'")
    shop.system.rows("checkout", status, "open")
    is_open, (named, *_) = withdraw(order_id), shop.look()[0]
    shop.system.rows("checkout", status, "returned")
    returned = withdraw(order_id)

    assert "the team refunds its order" in stands
    assert "access revokes 0 grants" in unknown
    assert "may have been paid" in is_open
    assert named.repair == "backstage reconcile"
    assert "access revokes 2 grants" in returned


_LOST = ("events", "order_list", "membership_list")


def lose_everything(shop: Shop) -> None:
    """As if the restored copy of the checkout were older than all sales, and access had been told
    to forget them, as `backstage epoch new checkout` does."""
    for table in _LOST:
        shop.system.rows("checkout", f"CREATE TABLE lost_{table} AS TABLE {table}")
        shop.system.rows("checkout", f"DELETE FROM {table}")  # noqa: S608
    shop.system.rows("access", "DELETE FROM inbox")


def find_again(shop: Shop) -> None:
    """The buyer's page asked again, and the same order exists again."""
    for table in _LOST:
        back = f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM lost_{table}"  # noqa: S608
        shop.system.rows("checkout", back)


def withdraw(order_id: UUID) -> str:
    """Return the command's output on one line."""
    done = CliRunner().invoke(
        app, ["grants", "withdraw", str(Membership.create_id(order_id))], env={"COLUMNS": "200"}
    )
    return " ".join(done.output.replace("│", " ").split())


def work_off(access: Store[Any]) -> None:
    """Return the service's work on its schedule."""
    read = "SELECT payload FROM schedule"
    ((payload,),) = access.query(lambda curs: [tuple(r.values()) for r in curs.execute(read)])
    access.work(Cause(uuid4()), lambda: TIMERS[LOSE_SOURCE](payload, access.application))


def test_a_comp_needs_no_purchase(shop: Shop) -> None:
    comp = Entitlement(uuid4(), uuid4(), uuid4(), [uuid4()], GrantReason.COMP, AT)
    shop.access.work(Cause(uuid4()), lambda: shop.access.application.give_comp(comp))

    assert shop.told() == []


def test_the_same_pass_bought_twice_is_found(shop: Shop) -> None:
    offer, person_id = an_offer(), uuid4()
    orders = [sell(shop.checkout, offer, person_id) for _ in range(2)]
    sell(shop.checkout, an_offer(), person_id)
    sell(shop.checkout, offer)
    shop.act(shop.access, shop.notifications)
    shop.mail()

    assert sorted(shop.told()) == sorted(
        f"order {one}: the same pass was bought twice: order {other} is active as well"
        for one, other in (orders, orders[::-1])
    )


def test_an_order_that_was_fulfilled_twice_is_found(sold: tuple[Shop, UUID]) -> None:
    shop, order_id = sold
    topic = "checkout.membership.started"
    shop.once_more("checkout", topic, "originator_id, originator_version + 1")

    assert shop.told() == [f"order {order_id}: purchased 2 times"]


def test_a_refund_that_left_the_grants_is_found_and_the_named_replay_revokes_them(
    sold: tuple[Shop, UUID],
) -> None:
    shop, order_id = sold
    _, awaited = shop.look()
    refund(shop, order_id)

    (found,), _ = shop.look(awaited)
    done = CliRunner().invoke(app, commands_in(found.repair)[0])

    assert found.sentence == (
        f"order {order_id}: refunded in full, but 2 of its grants are still active"
    )
    assert done.exit_code == 0
    assert shop.look(awaited)[0] == []


def test_grants_reissued_after_a_failed_refund_belong_to_their_purchase(
    sold: tuple[Shop, UUID],
) -> None:
    shop, order_id = sold
    refund(shop, order_id)
    shop.act(shop.access)
    refund(shop, order_id, failed=True)
    shop.act(shop.access)
    standing = "SELECT count(*) FROM grant_list WHERE revoked_at IS NULL"

    assert shop.system.rows("access", standing) == [(2,)]
    assert shop.look()[0] == []

    refund(shop, order_id)

    assert shop.told() == [
        f"order {order_id}: refunded in full, but 2 of its grants are still active"
    ]


def refund(shop: Shop, order_id: UUID, *, failed: bool = False) -> None:
    def give_back() -> None:
        id_ = Membership.create_id(order_id)
        membership: Membership = shop.checkout.application.repository.get(id_)
        membership.restore(AT) if failed else membership.refund(AT)
        shop.checkout.application.save(membership)

    shop.checkout.work(Cause(uuid4()), give_back)


def test_a_receipt_that_was_not_mailed_is_found_with_the_work_that_mails_it(shop: Shop) -> None:
    order_id = sell(shop.checkout)
    shop.act(shop.access, shop.notifications)

    (found,) = shop.look()[0]
    done = CliRunner().invoke(app, commands_in(found.repair)[0])

    assert found.sentence == f"order {order_id}: 1 receipts in the app, 0 mailed"
    assert "notifications does it within a second" in done.output


def test_mail_refused_for_good_is_no_finding(shop: Shop) -> None:
    sell(shop.checkout)
    shop.act(shop.access, shop.notifications)
    letters = shop.system.rows(
        "notifications", "SELECT notice_id FROM notice_list WHERE channel = %s", Channel.EMAIL
    )
    for (letter,) in letters:
        fail = partial(shop.notifications.application.fail_notice, letter, 550)
        shop.notifications.work(Cause(uuid4()), fail)

    assert shop.told() == []


@pytest.mark.parametrize(
    ("topic", "change", "sentence"),
    [
        ("notifications.notice.requested", "gen_random_uuid(), 1", "a receipt too many"),
        (
            "notifications.notice.delivered",
            "originator_id, originator_version + 1",
            "2 receipts in the app, 1 mailed",
        ),
    ],
)
def test_a_receipt_too_many_is_found(shop: Shop, topic: str, change: str, sentence: str) -> None:
    sell(shop.checkout)
    shop.act(shop.access, shop.notifications)
    shop.once_more("notifications", topic, change)
    shop.mail()

    (told,) = shop.told()

    assert sentence in told


def test_correct_outcome_is_checked_again_only_after_a_restore(
    sold: tuple[Shop, UUID],
) -> None:
    shop, _ = sold
    _, awaited = shop.look()
    shop.system.rows("access", "DELETE FROM grant_list")

    passed_by, _ = shop.look(awaited)
    shop.system.rows(
        "checkout",
        "DELETE FROM events WHERE (xact, notification_id) ="
        " (SELECT xact, notification_id FROM events ORDER BY 1 DESC, 2 DESC LIMIT 1)",
    )
    put_back, _ = shop.look(awaited)

    assert passed_by == []
    assert [each.service for each in put_back] == ["access"]
