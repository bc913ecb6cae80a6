"""The chaos machine: one real system, people who buy, faults, and the check afterwards."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import httpx
import nats.errors
import psycopg
import requests
from typer.testing import CliRunner

from ops import showcase
from ops.__main__ import app
from ops.tests.test_repairs import commands_in
from ops.up.data_folder import DataFolder, database_name
from ops.up.ports import Ports
from ops.up.postgres import Postgres
from ops.visitor import Refused
from tests.chaos.buyers import Buyer, Crowd, Operation, Told
from tests.chaos.evidence import Providers
from tests.chaos.invariants import Checker, Violation
from tests.chaos.small_disks import AfterFull, SmallDisks
from tests.chaos.wires import Wire
from tests.e2e.running import ROOT, RunningSystem, start_system, stop_system
from tests.servers import free_row_of_ports

SERVICES: Final = (
    "catalog",
    "checkout",
    "access",
    "streaming",
    "chat",
    "notifications",
    "identity",
)
_BUYERS: Final = 16
_LATECOMERS: Final = 3
_PASSES: Final = 4
_PER_S: Final = 4.0
_NIGHTS: Final = 60
"""A space has at most a hundred experiences; later passes open the same ones."""
_SCARCE: Final = 5
_PLENTY: Final = 10_000
PAYMENTS_PER_S: Final = 8
"""Below our limit of 20 at Stripe, so that two cores can open orders faster than that."""
_LIMITS: Final = {
    "SIGN_IN_POSTS_PER_MINUTE": "100000",
    "PURCHASE_POSTS_PER_MINUTE": "100000",
    "PURCHASE_POSTS_PER_MINUTE_AND_NETWORK": "100000",
    "SIGN_IN_SENDS_PER_NETWORK": "10000",
    "PAYMENTS_PER_S": f"{PAYMENTS_PER_S}",
}
_RESERVE_MB: Final = 16
"""For the disk of NATS; the stand-ins have 64."""
UNANSWERED: Final = (
    OSError,
    TimeoutError,
    psycopg.Error,
    httpx.HTTPError,
    nats.errors.Error,
    requests.RequestException,
)
# Ports of our row that the system leaves free.
_VIA: Final = {"postgres": 45, "nats": 46, "providers": 47}


@dataclass
class Cycle:
    """The faults, and the findings afterwards."""

    fault: str
    purchases: int
    """How often somebody tried to buy."""
    bought: int
    """How many of them got the answer that it is theirs."""
    settled_after_s: float
    violations: list[Violation] = field(default_factory=list)
    whole_after_s: float | None = None
    """The time from room on a full disk until a new buyer has all that was bought."""


class Machine:
    """A system with buyers in it that can be broken at will."""

    def __init__(
        self,
        system: RunningSystem,
        wires: dict[str, Wire],
        disks: SmallDisks,
        seed: int,
        hold_s: float,
    ) -> None:
        self.system = system
        self.hold_s = hold_s
        self.wires = wires
        self.rng = random.Random(seed)  # noqa: S311 - must be repeatable, no secret
        self.seed = seed
        self.data = DataFolder(system.data)
        self.providers = Providers(self.data, system.record["urls"]["sandbox"])
        self.arming = system.data / "failpoints"
        self.late: set[UUID] = set()
        """Orders that no check covers yet."""
        self._known: set[Violation] = set()
        self.disks = disks
        self.after_full = AfterFull()
        self.pages: dict[str, str] = {}
        """The page of each pass, by its id."""
        self._passes = 0
        self._nights: list[str] = []
        self._markers = 0
        self._creator = self._someone("creator")
        self._shop = showcase.create(self._creator)
        buyers = [self._someone(f"fan-{number}") for number in range(_BUYERS)]
        self.crowd = Crowd(buyers, self._creator, self.rng, _PER_S)
        self._newcomers: list[Buyer] = []
        self.latecomers = [
            self._someone(f"fan-{_BUYERS + number}") for number in range(_LATECOMERS)
        ]
        """Buyers that do not come by themselves."""
        self.people = [*buyers, *self.latecomers]
        addresses = {UUID(buyer.person_id): buyer.email for buyer in self.people}
        team = {UUID(self._creator.person_id)}
        self.checker = Checker(self.data, self.providers, team, addresses)

    def _someone(self, name: str) -> Buyer:
        sandbox = self.system.record["urls"]["sandbox"]
        person = Buyer(self.system.url, sandbox, f"{name}@example.com")
        try:
            person.sign_in()
        except BaseException:
            person.close()
            raise
        return person

    def newcomer(self) -> Buyer:
        """Return a new person, signed in."""
        buyer = self._someone(f"newcomer-{len(self._newcomers)}")
        self.checker.knows(UUID(buyer.person_id), buyer.email)
        self._newcomers.append(buyer)
        return buyer

    def stock_up(self) -> None:
        """Put passes on sale until there is something for everybody: one of four is scarce."""
        while self.crowd.wishes < _BUYERS * 2:
            scarce, free = self.publish(_SCARCE), self.publish(_PLENTY, free=True)
            self.crowd.offer([scarce, free, *(self.publish(_PLENTY) for _ in range(_PASSES - 2))])

    def new_space(self) -> str:
        """Create one more space of the creator; returns its slug."""
        slug = f"annex-{self.key()[:8]}"
        body = {"slug": slug, "name": slug, "description": "", "currency": "EUR"}
        self._creator.call("POST", "/api/spaces", body | {"time_zone": "Europe/Stockholm"})
        return slug

    def add_experience(self, slug: str, space: str | None = None, within_s: float = 30.0) -> str:
        """Add something to a space, retried with the same key until the creator has an answer."""
        path, key = f"/api/spaces/{space or self._shop.space}/experiences", uuid4().hex
        body = {"slug": slug, "name": slug, "kind": "live"}
        give_up_at = time.monotonic() + within_s
        while True:
            try:
                answer = self._creator.send("POST", path, body, key)
            except httpx.HTTPError as silence:
                said = repr(silence)
            else:
                if answer.is_success:
                    return str(answer.json()["experience_id"])
                said = f"{answer.status_code} {answer.text[:300]}"
                if answer.status_code < 500:
                    raise Refused(said)
            if time.monotonic() > give_up_at:
                raise TimeoutError(said)
            time.sleep(0.1)

    def experiences(self, space: str) -> list[str]:
        """Return what the creator has in a space, by slug."""
        found = self._creator.call("GET", f"/api/spaces/{space}")
        return [each["slug"] for each in found["experiences"]]

    def publish(self, stock: int, *, free: bool = False) -> str:
        """Put one more pass on sale, with so many seats; a free one has unlimited seats."""
        self._passes += 1
        number, shop, creator = self._passes, self._shop, self._creator
        if number <= _NIGHTS:
            self._nights.append(self.add_experience(f"night-{number}"))
        chosen = [self._nights[number % len(self._nights)], shop.experiences["lounge"]]
        terms: dict[str, Any] = {"pricing_type": "one_time", "price_minor": 1900, "stock": stock}
        if free:
            terms = {"pricing_type": "free"}
        slug, name = f"pass-{number}", f"Pass {number}"
        pass_id = showcase.publish_pass(creator, shop.space, slug, name, "", chosen, terms)
        self.pages[pass_id] = f"/{shop.space}/{slug}"
        return pass_id

    def give_back(self, done: Operation) -> bool:
        """Refund all that was paid for a purchase; returns whether that was promised."""
        assert done.order_id is not None
        promised = self._creator.gives_back(done.order_id, self.key())
        self.crowd.operations.append(replace(done, refund_promised=promised))
        return promised

    def marker(self) -> Path:
        """Return the path of a file that does not exist yet."""
        self._markers += 1
        return self.arming / f"marker-{self._markers}"

    def key(self) -> str:
        """Return a name for a buyer's attempt."""
        return self.rng.randbytes(16).hex()

    def arm(self, service: str, setting: str) -> None:
        """Restart a service with a failpoint armed (an empty setting: with none)."""
        (self.arming / service).write_text(setting)
        self.kill(service)
        self.until_ready([service])

    def kill(self, process: str, by: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to a process, once it runs."""
        deadline = time.monotonic() + 60
        while True:
            try:
                os.kill(self.system.record["processes"][process], by)
            except (KeyError, ProcessLookupError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return

    def until_ready(self, processes: Sequence[str], within_s: float = 60.0) -> None:
        """Wait until they report that they are ready."""
        ports = self.system.record["ports"]
        deadline = time.monotonic() + within_s
        for name in processes:
            while True:
                try:
                    url = f"http://127.0.0.1:{ports[name]}/health/ready"
                    if httpx.get(url, timeout=2).is_success:
                        break
                except httpx.HTTPError:
                    pass
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{name} is not ready after {within_s:g} s")
                time.sleep(0.05)

    def cycle(self, name: str, break_it: "Fault", patience_s: float = 120.0) -> Cycle:
        """Let people buy, break something meanwhile, wait for rest, and check."""
        self.stock_up()
        self.after_full = AfterFull()
        before = len(self.operations)
        self.crowd.buy()
        time.sleep(0.5)
        try:
            break_it(self)
            whole_again = time.monotonic()
            time.sleep(1.0)
        finally:
            self.mend()
            self.crowd.rest()
        cycle = self.look(name, self.operations[before:], patience_s, whole_again)
        cycle.whole_after_s = self.after_full.whole_after_s
        for promise in self.after_full.broken:
            cycle.violations.append(Violation(promise, "a new buyer", "backstage lag"))
        return cycle

    def mend(self) -> None:
        """Stop all faults, however the last one ended."""
        for wire in self.wires.values():
            wire.mend()
        for service in SERVICES:
            (self.arming / service).unlink(missing_ok=True)
        self.providers.behave()

    def look(
        self,
        name: str,
        operations: Sequence[Operation] = (),
        patience_s: float = 120.0,
        whole_again: float | None = None,
    ) -> Cycle:
        """After all faults: wait until everything is right; return how long that took and what is
        not.

        The patience begins when the last fault ends.
        """
        began = whole_again or time.monotonic()
        while True:
            is_last = time.monotonic() - began > patience_s
            violations = self._violations(all_of_them=is_last)
            took = time.monotonic() - began
            if not violations or is_last:
                # A finding is reported once, and not after every later fault.
                self._known |= set(violations)
                bought = sum(done.told is Told.OK for done in operations)
                return Cycle(name, len(operations), bought, round(took, 1), violations)
            time.sleep(0.3)

    def _violations(self, *, all_of_them: bool) -> list[Violation]:
        """An unreachable system is a finding as well."""
        late = [str(order_id) for order_id in self.late]
        found: list[Violation] = []
        try:
            for some in self.checker.check(self.operations):
                found += [
                    one
                    for one in some
                    if one not in self._known and not any(order in one.where for order in late)
                ]
                if found and not all_of_them:
                    break
        except UNANSWERED as unanswered:
            found.append(Violation("the system can not be looked at", repr(unanswered), "./bp up"))
        return found

    def forget_findings(self) -> None:
        """Earlier findings that are still true count again."""
        self._known.clear()

    def health_of(self, service: str) -> Any:
        """Return what a service reports about itself, or why it does not answer."""
        port = self.system.record["ports"][service]
        try:
            return httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=2).json()
        except httpx.HTTPError as silence:
            return repr(silence)

    def execute(self, service: str, sql: str) -> None:
        """Change a service's database behind its back."""
        port = self.system.record["ports"]["postgres"]
        postgres = Postgres(self.data.postgres, port, self.data.secret("postgres"))
        postgres.execute(sql, database_name(service))

    def wait_for_the_end_of_holds(self, patience_s: float = 60.0) -> Cycle:
        """Stop all payments: every order ends, and no seat is held."""
        began = time.monotonic()
        while True:
            took = time.monotonic() - began
            found = list(self.checker.still_open())
            if not found or took > self.hold_s * 2 + patience_s:
                return Cycle("the end of holds", 0, 0, round(took, 1), found)
            time.sleep(0.5)

    def verify(self) -> Cycle:
        """Return what the operators' own checker finds, with all checks."""
        began = time.monotonic()
        command = ("verify", "--full", "--providers", "--json", "--data", str(self.system.data))
        done = subprocess.run(
            [sys.executable, "-m", "ops", *command],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if name != "BP_CALLED_FROM"},
            capture_output=True,
            text=True,
            check=False,
        )
        last = (done.stdout.splitlines() or [""])[-1]
        try:
            findings = json.loads(last)["findings"]
        except ValueError:
            raise AssertionError(f"verify: {done.stdout}{done.stderr}") from None
        took = round(time.monotonic() - began, 1)
        found = [Violation(f["sentence"], f["service"], f["repair"]) for f in findings]
        return Cycle("backstage verify", 0, 0, took, found)

    def do_what_verify_names(self, times: int = 8) -> list[Violation]:
        """Run every command that the checker names, until it names none; returns all findings.

        Each command is run once, because its effect may take some seconds.
        """
        told: list[Violation] = []
        done: set[tuple[str, ...]] = set()
        for _ in range(times):
            found = self.verify().violations
            if not found:
                return told
            told += found
            named = [tuple(each) for one in found for each in commands_in(one.repair)]
            for command in dict.fromkeys(named):
                if command not in done:
                    self.operate(*command)
            done.update(named)
            time.sleep(1)
        raise AssertionError("\n".join(str(one) for one in told))

    def operate(self, *command: str) -> str:
        """Run one of the operators' commands on this system, in our process; returns its output."""
        done = CliRunner().invoke(app, [*command, "--data", str(self.system.data)])
        if done.exit_code:
            raise AssertionError(f"{' '.join(command)}: {done.output}{done.exception!r}")
        return done.output

    @property
    def operations(self) -> list[Operation]:
        """Return what the buyers recorded."""
        return list(self.crowd.operations)

    def close(self) -> None:
        """Close all connections of buyers."""
        self.crowd.go_home()
        for buyer in (*self.latecomers, *self._newcomers):
            buyer.close()
        self._creator.close()
        self.providers.close()


Fault = Callable[[Machine], None]


@contextmanager
def running_machine(
    folder: Path, seed: int, hold_s: float = 600.0, program: str = "ops"
) -> Iterator[Machine]:
    """Yield a system of its own, with a breakable connection to each dependency of the services.

    Its parts have small disks of their own if this account may mount them.
    """
    port = free_row_of_ports()
    ports, arming = Ports(port), folder / "data" / "failpoints"
    arming.mkdir(parents=True)
    disks = SmallDisks(folder / "data")
    wires = {
        name: Wire(name, ports.of(_VIA[name]), upstream)
        for name, upstream in (
            ("postgres", ports.postgres),
            ("nats", ports.nats),
            ("providers", ports.sandbox),
        )
    }
    for wire in wires.values():
        wire.start()
    disks.mount()
    via = {f"BACKSTAGE_{n.upper()}_VIA": str(wire.port) for n, wire in wires.items()}
    own = {"FAILPOINT": str(arming), "HOLD_S": str(hold_s), "DISK_RESERVE_MB": str(_RESERVE_MB)}
    system = start_system(folder, port, _LIMITS | via | own, program=program)
    try:
        machine = Machine(system, wires, disks, seed, hold_s)
        yield machine
        machine.close()
    finally:
        stop_system(system)
        for wire in wires.values():
            wire.stop()
        disks.unmount()


__all__ = ["PAYMENTS_PER_S", "UNANSWERED", "Cycle", "Fault", "Machine", "running_machine"]
