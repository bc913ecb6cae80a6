"""Every caller of the inventory is listed here: a new one needs a decision."""

import ast
from collections import defaultdict
from itertools import chain
from pathlib import Path

from tests.architecture.test_source import naming, sources

CHECKOUT = Path("services/checkout")
INVENTORY, TABLE = str(CHECKOUT / "stock/inventory.py"), str(CHECKOUT / "stock/tables.py")
USERS = ("orders/use_cases.py", "memberships/refunds.py", "stock/use_cases.py")
CALLERS = {
    "hold": {"open_order"},
    "take": {"open_order"},
    "sell": {"_fulfil_or_return", "_restore"},
    "release": {"_record", "_expire"},
    "set_capacity": {"set_capacity"},
}
"""The inventory's moves, and the use cases that make them."""
PRODUCT = sources("services", "libs", "ops")


def test_the_callers_of_the_inventory_are_these() -> None:
    found = defaultdict(set)
    modules = [ast.parse((CHECKOUT / name).read_text()) for name in USERS]
    for function in chain.from_iterable(map(ast.walk, modules)):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self._inventory":
                    found[node.attr].add(function.name)

    assert found == CALLERS


def test_nobody_but_the_use_cases_is_given_the_inventory() -> None:
    assert set(naming(r"\bInventory\b", PRODUCT)) == {
        INVENTORY,
        *(str(CHECKOUT / name) for name in USERS),
        str(CHECKOUT / "application.py"),
    }


def test_a_seat_is_made_and_moved_by_the_inventory_alone() -> None:
    moving = r"(?<!class )\bSeat\(|\bseat\.(hold_again|sell|release)\("

    assert naming(moving, sources("services/checkout")) == [INVENTORY]


def test_the_counters_are_written_by_one_table_and_mended_by_one_command() -> None:
    writing = r"(UPDATE|INSERT INTO|DELETE FROM) stock\b"

    assert set(naming(writing, PRODUCT)) == {TABLE, str(CHECKOUT / "stock/audit.py")}
