"""A disk that fills while people buy costs nobody anything, and the system heals by itself."""

import signal
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

from ops.visitor import Refused
from tests.chaos.full_disk import DISKS, WHOLE_WITHIN_S, full_disk
from tests.chaos.machine import Machine, running_machine
from tests.e2e.running import wait_until

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.slow(180, "fills disks and waits until all is whole again"),
]

_FULL_S = 5.0
_SEED = 7654


@pytest.fixture
def filled(machine: Machine) -> Machine:
    """The system, if its disks can be filled."""
    if machine.disks.refusal is not None:
        pytest.skip(machine.disks.refusal)
    return machine


@pytest.mark.parametrize("disks", [*((name,) for name in DISKS), DISKS], ids=" ".join)
def test_a_full_disk_does_no_harm_and_sales_go_on_by_themselves(
    filled: Machine, disks: Sequence[str]
) -> None:
    cycle = filled.cycle("full disk", lambda m: full_disk(m, disks, for_s=_FULL_S))

    assert not cycle.violations, "\n".join(str(one) for one in cycle.violations)
    assert cycle.whole_after_s is not None
    assert cycle.whole_after_s <= WHOLE_WITHIN_S


def test_without_the_healing_the_checker_finds_what_buyers_lost(
    filled: Machine, tmp_path: Path
) -> None:
    """The control: the same fault in a system in which nobody restarts NATS."""
    with running_machine(tmp_path, _SEED, program="tests.chaos.without_healing") as unhealed:
        pass_id = unhealed.publish(stock=10)
        orders = [(fan, fan.begins(pass_id, unhealed.key())) for fan in unhealed.latecomers]
        with unhealed.disks.full(["nats"]):
            paid = [fan.pays_late(order) for fan, order in orders]
            wait_until(lambda: "write error" in nats_says(unhealed), "a stream that stores nothing")
        unhealed.crowd.operations += paid
        damaged = unhealed.look("room again", paid, patience_s=5)
        unhealed.kill("nats", signal.SIGTERM)
        unhealed.forget_findings()
        restarted = unhealed.look("restarted by hand", paid)

    assert {each.told for each in paid} == {"ok"}
    assert any("outcomes of" in violation.what for violation in damaged.violations), damaged
    assert not restarted.violations, "\n".join(str(one) for one in restarted.violations)


def nats_says(machine: Machine) -> str:
    port = machine.system.record["ports"]["nats_monitor"]
    return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=2).text


def test_below_the_reserve_nothing_new_is_begun_and_what_is_being_paid_is_completed(
    filled: Machine,
) -> None:
    payer, late = filled.newcomer(), filled.newcomer()
    pass_id = filled.publish(stock=10)
    order = payer.begins(pass_id, filled.key())

    with filled.disks.nearly_full("nats", left_mb=8):
        for service in ("checkout", "identity"):
            wait_until(lambda name=service: is_degraded(filled, name), f"a degraded {service}")
        refused = late.send("POST", "/api/orders", {"pass_id": pass_id})
        with pytest.raises(Refused, match="storage_low"):
            filled.newcomer()
        done = payer.pays_late(order)
        ready = filled.health_of("checkout")
    filled.crowd.operations.append(done)
    wait_until(lambda: late.opens(pass_id), "an order that opens again")

    assert (refused.status_code, refused.json()["code"]) == (503, "storage_low")
    assert int(refused.headers["retry-after"]) >= 30
    assert ready["status"] == "ready"
    assert "kept in reserve" in ready["degraded"][0]
    assert done.told == "ok"
    cycle = filled.look("room again", [done])
    assert not cycle.violations, "\n".join(str(one) for one in cycle.violations)


def is_degraded(machine: Machine, service: str) -> bool:
    port = machine.system.record["ports"][service]
    answer = httpx.get(f"http://127.0.0.1:{port}/health", timeout=2)
    return answer.is_success and answer.json()["status"] == "degraded"
