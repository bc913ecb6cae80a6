"""The running system is broken in every known way, and nobody is harmed by it."""

import time
from dataclasses import dataclass

import psycopg
import pytest

from libs.runtime.failpoints import Failpoint
from ops import stores
from tests.chaos import disks, faults
from tests.chaos.buyers import Buyer, Manner, Operation, Told
from tests.chaos.machine import SERVICES, Cycle, Machine
from tests.chaos.rush import NoRush, rush
from tests.chaos.versions import newer_beside
from tests.chaos.wires import WireFault
from tests.e2e.running import wait_until

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.slow(240, "breaks the whole system and waits until it has settled"),
]

_LEASED: tuple[Failpoint, ...] = ("worker.claimed", "worker.before_job", "worker.after_job")


def no_harm_in(cycle: Cycle) -> None:
    assert cycle.bought > 0
    assert not cycle.violations, "\n".join(str(one) for one in cycle.violations)


@pytest.mark.parametrize("name", [p for p in faults.FAILPOINTS if p not in _LEASED])
def test_a_process_that_dies_there_does_no_harm(machine: Machine, name: Failpoint) -> None:
    cycle = machine.cycle(name, lambda m: faults.failpoint(m, name))

    no_harm_in(cycle)


def test_processes_that_die_round_a_call_to_a_provider_do_no_harm(machine: Machine) -> None:
    def die(broken: Machine) -> None:
        for name, service in zip(_LEASED, ("checkout", "chat", "notifications"), strict=True):
            faults.failpoint(broken, name, service)

    cycle = machine.cycle("worker", die)

    no_harm_in(cycle)


@pytest.mark.parametrize(
    "processes",
    [
        ("checkout", "access", "nats"),
        ("gateway", "postgres"),
        ("identity", "catalog", "sandbox"),
        pytest.param(
            ("chat", "notifications", "streaming", "livekit"),
            marks=pytest.mark.needs("livekit-server"),
        ),
    ],
    ids=" ".join,
)
def test_a_kill_does_no_harm(machine: Machine, processes: tuple[str, ...]) -> None:
    def kill(broken: Machine) -> None:
        for process in processes:
            faults.killed(broken, process)

    cycle = machine.cycle("kill", kill)

    no_harm_in(cycle)


@pytest.mark.parametrize("fault", WireFault)
def test_a_broken_wire_does_no_harm(machine: Machine, fault: WireFault) -> None:
    wires = ["postgres"]
    if fault is not WireFault.CUT_AFTER_COMMIT:
        wires += ["nats", "providers"]
    hits: list[int] = []

    def cut(broken: Machine) -> None:
        for wire in wires:
            faults.wire_broken(broken, wire, fault, for_s=2.5)
            hits.append(broken.wires[wire].hits)

    cycle = machine.cycle(fault, cut)

    assert all(hits), hits
    no_harm_in(cycle)


@pytest.mark.parametrize("wire", ["postgres", "nats", "providers"])
def test_a_wire_that_flickers_does_no_harm(machine: Machine, wire: str) -> None:
    cycle = machine.cycle("flickers", lambda m: faults.wire_flickers(m, wire))

    no_harm_in(cycle)


@pytest.mark.parametrize("name", ["stripe: 500 after doing it + kill -9 checkout"])
def test_faults_that_come_together_do_no_harm(machine: Machine, name: str) -> None:
    cycle = machine.cycle(name, faults.catalogue()[name])

    no_harm_in(cycle)


@pytest.mark.parametrize("process", ["postgres", "nats", "checkout"])
def test_a_process_that_stands_still_for_5_s_does_no_harm(machine: Machine, process: str) -> None:
    cycle = machine.cycle("pause", lambda m: faults.paused(m, process))

    no_harm_in(cycle)


@pytest.mark.parametrize("name", faults.MISBEHAVIOURS)
def test_a_payment_provider_does_no_harm_with(machine: Machine, name: str) -> None:
    orders = faults.MISBEHAVIOURS[name]

    cycle = machine.cycle(name, lambda m: faults.stripe_misbehaves(m, orders, for_s=2.5))

    no_harm_in(cycle)


def test_lost_streams_are_filled_again_within_a_minute(machine: Machine) -> None:
    cycle = machine.cycle("NATS deleted", disks.streams_lost, patience_s=60)

    no_harm_in(cycle)


def test_streams_from_an_older_copy_are_completed(machine: Machine) -> None:
    cycle = machine.cycle("older NATS", disks.older_streams_back)

    no_harm_in(cycle)


def test_a_database_from_an_older_copy_stops_its_service_until_an_operator_decides(
    machine: Machine,
) -> None:
    disks.copy_database(machine, "access")
    no_harm_in(machine.cycle("after the copy", lambda _: time.sleep(2)))

    disks.put_copy_back(machine, "access")
    wait_until(lambda: "epoch new access" in str(machine.health_of("access")), "an alarm", 40)
    assert machine.look("older database", patience_s=1).violations
    machine.operate("epoch", "new", "access")
    machine.forget_findings()

    no_harm_in(machine.cycle("epoch new", lambda _: time.sleep(1)))


def test_service_with_a_restored_database_catches_up(machine: Machine) -> None:
    disks.copy_database(machine, "notifications")
    no_harm_in(machine.cycle("after the copy", lambda _: time.sleep(2)))

    disks.put_copy_back(machine, "notifications")
    wait_until(
        lambda: "epoch new notifications" in str(machine.health_of("notifications")), "an alarm", 40
    )
    machine.operate("epoch", "new", "notifications")

    no_harm_in(machine.cycle("epoch new", lambda _: time.sleep(1)))


def test_orders_that_an_older_checkout_lost_are_put_right_by_what_verify_names(
    machine: Machine,
) -> None:
    """Their webhooks arrive when no order is known any more. Some buyers retry with their old key:
    before the repair, after it, and when the seat is somebody else's."""
    refunded, returning, late = machine.latecomers
    card, free = machine.publish(stock=10), machine.publish(stock=10, free=True)
    scarce = machine.publish(stock=1)
    given_back = asks(machine, refunded, card)
    machine.stock_up()
    machine.crowd.buy()
    disks.copy_database(machine, "checkout")
    machine.providers.misbehave(kind="deliver_late", delay_s=6, times=None)

    newer = asks(machine, returning, machine.publish(stock=10))
    claimed, paid = asks(machine, returning, free), asks(machine, late, card)
    last = asks(machine, late, scarce)
    promised = machine.give_back(given_back.done)
    time.sleep(2)

    put_older_checkout_back(machine)
    wait_until(newer.may_ask_again, "the newer pass, on sale again")
    at_once = newer.again()
    machine.crowd.rest()
    harm, told = machine.checker.harm_of_the_loss(), machine.do_what_verify_names()

    lost = [each.done for each in (newer, claimed, paid, last)]
    assert {each.order_id for each in lost} <= machine.checker.lost
    assert [promised, *(each.told for each in lost)] == [True, *[Told.OK] * 4]
    assert harm
    assert {each.repair for each in harm} <= {each.repair for each in told}
    assert [at_once, claimed.again()] == [newer.done, claimed.done]
    assert paid.becomes() == "refunded"
    anew = asks(machine, late, card), asks(machine, refunded, scarce)
    assert [each.done.told for each in anew] == [Told.OK] * 2
    assert "sold_out" in last.again().said
    no_harm_in(machine.cycle("asked again", lambda _: time.sleep(1)))


def put_older_checkout_back(machine: Machine) -> None:
    """Wait until the checkout is not ready; return what an operator has to decide."""
    disks.put_copy_back(machine, "checkout")
    machine.providers.behave()
    wait_until(lambda: "epoch new checkout" in str(machine.health_of("checkout")), "an alarm", 40)


@dataclass
class Asked:
    """Return the outcome of buying a pass by card, and the key with which a retry repeats it."""

    machine: Machine
    buyer: Buyer
    key: str
    done: Operation

    def may_ask_again(self) -> bool:
        """Return whether an order could be opened."""
        return self.buyer.opens(str(self.done.pass_id), self.key)

    def again(self) -> Operation:
        """Buy once more what may have been bought."""
        return asks(self.machine, self.buyer, str(self.done.pass_id), self.key).done

    def becomes(self) -> str:
        """Return the outcome of a repeated request for the same order."""
        again = self.again()
        assert again.order_id == self.done.order_id
        return str(self.buyer.looks_at({"order_id": again.order_id})["status"])


def asks(machine: Machine, buyer: Buyer, pass_id: str, key: str | None = None) -> Asked:
    """Somebody pays and returns."""
    key = key or machine.key()
    done = buyer.purchase(pass_id, Manner.RETURNS, key)
    machine.crowd.operations.append(done)
    return Asked(machine, buyer, key, done)


def test_a_process_that_dies_while_it_builds_a_view_does_no_harm(machine: Machine) -> None:
    cycle = machine.cycle("rebuild", faults.dies_rebuilding)

    no_harm_in(cycle)


def test_a_process_that_dies_over_a_snapshot_does_no_harm(machine: Machine) -> None:
    cycle = machine.cycle("snapshot", faults.dies_taking_a_snapshot)

    no_harm_in(cycle)


def test_two_versions_of_a_service_side_by_side_do_no_harm(machine: Machine) -> None:
    cycle = machine.cycle("two versions", newer_beside)

    no_harm_in(cycle)


def test_orders_open_again_when_postgresql_does_and_nobody_restarts_anything(
    machine: Machine,
) -> None:
    """`./bp bench recovery` measures how soon."""
    services = set(SERVICES)
    restarts = {s: n for s, n in machine.system.record["restarts"].items() if s in services}

    pass_id = machine.publish(stock=10)

    def restart(broken: Machine) -> None:
        broken.kill("postgres")
        wait_until(lambda: takes_connections(broken), "PostgreSQL's port")
        broken.crowd.until_order_opens(pass_id)

    cycle = machine.cycle("restart", restart)

    after = {s: n for s, n in machine.system.record["restarts"].items() if s in services}
    assert after == restarts
    no_harm_in(cycle)


def takes_connections(machine: Machine) -> bool:
    try:
        url = stores.database_url("checkout", machine.data)
        psycopg.connect(url, connect_timeout=1).close()
    except psycopg.OperationalError:
        return False
    return True


def test_buyers_of_a_rush_get_true_answers_within_a_minute(machine: Machine) -> None:
    try:
        cycle = machine.cycle("rush", lambda m: rush(m, for_s=3))
    except NoRush as slow:
        pytest.skip(str(slow))

    no_harm_in(cycle)


def test_payments_without_a_webhook_are_found_by_reconciliation(machine: Machine) -> None:
    assert machine.late
    machine.late.clear()

    cycle = machine.look("silent", patience_s=150)

    assert not cycle.violations, "\n".join(str(one) for one in cycle.violations)


def test_verify_has_no_findings_after_all_faults(machine: Machine) -> None:
    cycle = machine.verify()

    assert not cycle.violations, "\n".join(str(one) for one in cycle.violations)
