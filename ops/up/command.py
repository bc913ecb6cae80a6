"""How a child process is described and tied to the life of its parent."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Account:
    """The unprivileged account that PostgreSQL runs under when we are root, which it refuses."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Command:
    """A program, its arguments and its whole environment (by default: ours)."""

    argv: tuple[str, ...]
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    dies_with_parent_by: signal.Signals = signal.SIGKILL
    account: Account | None = None

    def full_argv(self) -> tuple[str, ...]:
        """The arguments, behind `setpriv` where the program runs under another account."""
        if self.account is None:
            return self.argv
        return (*_prefix(self.account, self.dies_with_parent_by), *self.argv)

    def spawn_arguments(self) -> dict[str, Any]:
        """The keyword arguments for `subprocess` and `asyncio` alike."""
        arguments: dict[str, Any] = {
            "env": self.env,
            "cwd": self.cwd,
            "start_new_session": True,
            "preexec_fn": _die_with_parent(self.dies_with_parent_by),
        }
        if self.account is not None and not _prefix(self.account, self.dies_with_parent_by):
            arguments |= {
                "user": self.account.uid,
                "group": self.account.gid,
                "extra_groups": [],
            }
        return arguments


@cache
def _prefix(account: Account, dies_with_parent_by: signal.Signals) -> tuple[str, ...]:
    """What changes the account but keeps the right to pass folders that root alone may enter.

    A checkout or a data folder below `/root` is closed to the account otherwise, and opening
    those folders would change what is the machine owner's. Empty where `setpriv` is missing
    or may not do this: then the folders have to be open.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return ()
    prefix = (
        setpriv,
        f"--reuid={account.uid}",
        f"--regid={account.gid}",
        "--clear-groups",
        "--inh-caps=+dac_override",
        "--ambient-caps=+dac_override",
        # Without this the kernel forgets the right inside access(2), which initdb asks.
        "--securebits=+no_setuid_fixup",
        f"--pdeathsig={dies_with_parent_by.name.removeprefix('SIG')}",
    )
    tried = subprocess.run((*prefix, "true"), capture_output=True, check=False)
    return prefix if tried.returncode == 0 else ()


def unprivileged_account() -> Account | None:
    """The account for programs that refuse root, or None when we are not root."""
    if os.geteuid() != 0:
        return None
    import pwd  # noqa: PLC0415 - only where there are accounts

    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return Account(65534, 65534)
    return Account(nobody.pw_uid, nobody.pw_gid)


def _die_with_parent(by: signal.Signals) -> Callable[[], None] | None:
    """What a child does before it becomes the program: end when its parent ends."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent, number = os.getpid(), int(by)

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return tie
