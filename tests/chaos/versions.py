"""A newer version of a service beside the running one, as in every rolling deployment."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx

from tests.chaos.machine import Machine
from tests.e2e.running import ROOT
from tests.servers import free_port

# The newer version's changes: a view gets a column, an announcement gets a field.
_CHANGES: Final = {
    "services/access/projections.py": ("revoked_for text\n", "revoked_for text,\n noted text\n"),
    "libs/events/access.py": (
        r"(class GrantIssued\(.*?)\n    valid_until:",
        r"\1\n    noted: str\n    valid_until:",
    ),
    "services/access/publishing.py": (
        r'import Publishing\n(.*?)to_contract.public\(issued, GrantIssued, id_as="grant_id"\)',
        r"import Publishing, copied\n\1to_contract.register(issued, lambda event: copied("
        r'GrantIssued, event, grant_id=event.originator_id, noted="by the newer version"))',
    ),
}


def newer_beside(machine: Machine) -> None:
    """Run two versions of access for a while; each of them leads for a time, then dies."""
    with _newer_access(machine) as newer:
        time.sleep(1.5)
        machine.kill("access")
        machine.until_ready(["access"])
        time.sleep(1.5)
        newer.kill()
        newer.wait(10)
        time.sleep(1.5)
    # The newer version is withdrawn.
    machine.operate("projections", "rebuild", "access", "grant_list")


@contextmanager
def _newer_access(machine: Machine) -> Iterator["subprocess.Popen[bytes]"]:
    tree = machine.data.path / "newer"
    _copy_with_changes(tree)
    port = free_port()
    environment = _environment_of(machine, "access") | {"HTTP_PORT": str(port), "FAILPOINT": ""}
    with (machine.data.path / "newer.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.access"],
            cwd=tree,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        _wait_until_ready(process, port)
        yield process
    finally:
        process.kill()
        process.wait(10)
        shutil.rmtree(tree)


def _copy_with_changes(tree: Path) -> None:
    for folder in ("libs", "services/access"):
        shutil.copytree(
            ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("tests", "__pycache__")
        )
    (tree / "services" / "__init__.py").touch()
    for file, (before, after) in _CHANGES.items():
        source = (tree / file).read_text()
        changed, times = re.subn(before, after, source, count=1, flags=re.DOTALL)
        assert times == 1, f"{file} is not what the newer version is made from"
        (tree / file).write_text(changed)


def _environment_of(machine: Machine, service: str) -> dict[str, str]:
    pid = machine.system.record["processes"][service]
    pairs = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return dict(pair.split("=", 1) for pair in pairs if pair) | {"PATH": os.environ["PATH"]}


def _wait_until_ready(process: "subprocess.Popen[bytes]", port: int) -> None:
    give_up_at = time.monotonic() + 30
    while time.monotonic() < give_up_at:
        assert process.poll() is None, "the newer version ended"
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=2).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise TimeoutError("the newer version is not ready after 30 s")
