"""A disk that is full to its last block while people buy, and then has room again."""

import time
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from ops.visitor import Refused
from tests.chaos.buyers import Buyer, Manner, Told
from tests.chaos.machine import UNANSWERED, Machine

DISKS: Final = ("nats", "postgres", "sandbox")
WHOLE_WITHIN_S: Final = 30.0
"""How soon after the disk has room a purchase is complete (docs/operations.md)."""
_FULL_S: Final = 25.0
_GIVE_UP_AFTER_S: Final = 90.0


def full_disk(machine: Machine, disks: Sequence[str] = DISKS, for_s: float = _FULL_S) -> None:
    """Fill these disks, free them, and have a new buyer buy as soon as possible."""
    fan, pass_id = machine.newcomer(), machine.publish(stock=10)
    with machine.disks.full(disks):
        time.sleep(for_s)
    began = time.monotonic()
    order_id = _bought(machine, fan, pass_id, began + _GIVE_UP_AFTER_S)
    while order_id is None or not _is_whole(machine, order_id):
        if time.monotonic() - began > _GIVE_UP_AFTER_S:
            machine.after_full.broken.append(
                f"no purchase was whole {_GIVE_UP_AFTER_S:g} s after there was room"
            )
            return
        time.sleep(0.1)
    took = time.monotonic() - began
    machine.after_full.whole_after_s = round(took, 1)
    if took > WHOLE_WITHIN_S:
        machine.after_full.broken.append(f"the first purchase was whole after {took:.1f} s")


def _bought(machine: Machine, fan: Buyer, pass_id: str, give_up_at: float) -> UUID | None:
    """Return the order of a purchase, retried until it works."""
    key = machine.key()
    while time.monotonic() < give_up_at:
        done = fan.purchase(pass_id, Manner.RETURNS, key)
        if done.told is Told.OK:
            machine.crowd.operations.append(done)
            return done.order_id
        time.sleep(0.1)
    return None


def _is_whole(machine: Machine, order_id: UUID) -> bool:
    try:
        return machine.checker.has_everything(order_id)
    except (*UNANSWERED, Refused):
        return False
