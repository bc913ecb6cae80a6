"""Lost disks, and restored older copies."""

import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from ops.up.data_folder import database_name
from ops.up.postgres import Postgres
from tests.chaos.machine import Machine

_COPY = "older_copy"
_ORDERS = "SELECT originator_id FROM events WHERE topic = 'checkout.order.opened'"


def streams_lost(machine: Machine) -> None:
    """NATS restarts with an empty disk."""
    with _nats_replaced(machine):
        pass


def older_streams_back(machine: Machine) -> None:
    """NATS restarts with a copy of its disk that is some seconds old."""
    folder = machine.data.nats
    copy = folder.with_name("nats.older")
    machine.kill("nats", signal.SIGSTOP)
    shutil.copytree(folder, copy)
    machine.kill("nats", signal.SIGCONT)
    time.sleep(3)
    with _nats_replaced(machine):
        copy.rename(folder)


@contextmanager
def _nats_replaced(machine: Machine) -> Iterator[None]:
    """Replace its folder while it is frozen, then kill it."""
    folder = machine.data.nats
    lost = folder.with_name("nats.lost")
    machine.kill("nats", signal.SIGSTOP)
    folder.rename(lost)
    yield
    machine.kill("nats")
    machine.checker.forget()
    shutil.rmtree(lost)
    time.sleep(1)


def copy_database(machine: Machine, service: str) -> None:
    """Copy a service's database as it is now."""
    name = database_name(service)
    with _nobody_inside(machine, name) as postgres:
        postgres.execute(f"DROP DATABASE IF EXISTS {_COPY}")
        postgres.execute(f"CREATE DATABASE {_COPY} TEMPLATE {name} OWNER {name}")


def put_copy_back(machine: Machine, service: str) -> None:
    """Restore the copy of the database while the service runs.

    Orders that the checkout loses by it are recorded, because their buyers know of them.
    """
    name = database_name(service)
    with _nobody_inside(machine, name) as postgres:
        postgres.execute(f"ALTER DATABASE {name} RENAME TO lost")
        postgres.execute(f"ALTER DATABASE {_COPY} RENAME TO {name}")
        postgres.execute("ALTER DATABASE lost ALLOW_CONNECTIONS true")
    machine.checker.forget()
    if service == "checkout":
        lost, kept = (set(postgres.execute(_ORDERS, each).split()) for each in ("lost", name))
        machine.checker.lost |= {UUID(order_id) for order_id in lost - kept}
    postgres.execute("DROP DATABASE lost")


@contextmanager
def _nobody_inside(machine: Machine, name: str) -> Iterator[Postgres]:
    data, port = machine.data, machine.system.record["ports"]["postgres"]
    postgres = Postgres(data.postgres, port, data.secret("postgres"))
    postgres.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    try:
        postgres.execute(
            f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608 - the name is ours
        )
        yield postgres
    finally:
        postgres.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
