"""What an operator types while the system runs."""

import json
import subprocess
import sys
from uuid import uuid4

import pytest

from ops.showcase import Showcase
from ops.visitor import Visitor
from tests.e2e.running import ROOT, RunningSystem, wait_until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow(120, "a whole story with the commands of operators"),
]


def backstage(
    system: RunningSystem, *words: str, may_fail: bool = False
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "ops", *words, "--data", str(system.data)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert may_fail or done.returncode == 0, done.stdout + done.stderr
    return done


def lines(told: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in told.splitlines()]


@pytest.fixture
def order(system: RunningSystem, showcase: Showcase) -> dict[str, str]:
    fan = Visitor(system.url, system.record["urls"]["sandbox"], f"{uuid4().hex}@example.com")
    fan.sign_in()
    bought: dict[str, str] = fan.buy(showcase.passes["front-row"])
    fan.close()
    return bought


def test_the_history_of_an_order_can_be_read(system: RunningSystem, order: dict[str, str]) -> None:
    history = lines(backstage(system, "events", "show", order["order_id"], "--json").stdout)

    topics = [event["topic"] for event in history]
    assert topics[0] == "checkout.order.opened"
    assert "checkout.order.fulfilled" in topics
    assert [event["version"] for event in history] == list(range(1, len(history) + 1))


def test_effects_of_an_order_are_found_in_every_log(
    system: RunningSystem, order: dict[str, str]
) -> None:
    def services() -> set[object]:
        told = backstage(system, "events", "ls", "--mentions", order["order_id"], "--json")
        return {event["service"] for event in lines(told.stdout)}

    wait_until(lambda: {"checkout", "access", "chat"} <= services(), "the order in the logs")


def test_no_log_holds_an_address(system: RunningSystem, order: dict[str, str]) -> None:
    told = backstage(system, "events", "ls", "--limit", "100000", "--json").stdout

    assert len(lines(told)) > 20
    assert "@example.com" not in told


def test_logs_and_streams_agree(system: RunningSystem, order: dict[str, str]) -> None:
    def agree() -> bool:
        return backstage(system, "events", "verify", may_fail=True).returncode == 0

    wait_until(agree, "logs and streams to agree")


def test_a_tail_shows_what_happens_as_it_happens(system: RunningSystem, showcase: Showcase) -> None:
    words = [sys.executable, "-u", "-m", "ops", "events", "tail", "--json", "--type", "order"]
    fan = Visitor(system.url, system.record["urls"]["sandbox"], f"{uuid4().hex}@example.com")
    fan.sign_in()
    with subprocess.Popen(
        [*words, "--data", str(system.data)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as tail:
        assert tail.stdout is not None
        assert tail.stderr is not None
        assert "listening" in tail.stderr.readline()

        bought = fan.buy(showcase.passes["lounge-key"])

        seen = json.loads(tail.stdout.readline())
        tail.terminate()
    fan.close()
    assert seen["entity_id"] == bought["order_id"]


def test_unknown_id_is_reported_as_unknown(system: RunningSystem) -> None:
    done = backstage(system, "events", "show", str(uuid4()), may_fail=True)

    assert done.returncode == 1
    assert "No service has" in done.stderr
