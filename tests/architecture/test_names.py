"""Former names stay gone: each has one of the field's own words in its place."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

FILES = ("*.py", "*.ts", "*.md", "*.ftl", "*.html")
HISTORY = {"CHANGELOG.md", "docs/adr/0008-stored-names-are-reset.md"}
ITSELF = "tests/architecture/test_names.py"

BANNED = {
    r"\berrands?\b": "jobs",
    r"\bHEARS\b": "SUBSCRIPTIONS",
    r"told[_ ]twice": "redelivered",
    r"\bkill[_ -]?points?\b": "failpoints",
    r"\bStockDoor\b": "Inventory",
    r"\bNOT_TAKEN\b": "REFUND_FAILED",
    r"[Ss]tray[_-]?[Pp]ayment": "orphaned payment",
    r"\bMoneyBack\b|\bmoney_back\b|\bsen[dt]s? back\b": "refund",
    r"\bNOTICES_DEATH\b": "KEEPALIVE",
    r"\bTokenBucket\b": "SlidingWindowLimit",
    r"\bAgenda\b": "Schedule",
    r"\bseals\b": "keyed hashing",
    r"\bcareless\b": "mutant",
    r"\bBeside\(|\bclass Beside\b": "ShadowTables",
    r"\.learn\(|\bdef learn\b": "apply_provider_state",
    r"\b_?fate\b(?=[.:, )=])|\bFate\b": "injector, FaultInjector, or outcome",
    r"\b(rounds over the lists|hourly rounds?)\b": "reconciliation runs",
    r"(?<!name=\")\bparked\b": "dead letter",
}
"""What may not occur in any file, and what to say instead."""
CLASSES = {
    "Desk": "OrderBatcher",
    "Till": "route dependencies",
    "Looks": "StatusPoller",
    "Line": "Queue or LogEntry",
    "Place": "LogCursor, QueuePosition, Schema, EntryPoint",
    "Books": "CheckoutReads",
    "Standing": "Eligibility",
    "Listed": "ProviderMovement",
    "Says": "kind",
    "Difference": "Discrepancy",
    "Hands": "SimulatedWorker",
}
"""What no Python name may be; as words of a sentence they are fine."""
IN_FOLDERS = {
    "services/chat/": (r"\bseat_list\b|\bMembership\b(?=[(.:,\]])", "channel_member_list"),
    "ops/": (r"\bSELECT .*\bFROM seat_list WHERE (experience_id|wish)", "channel_member_list"),
    "tests/simulation/": (r"\bhands\b|\bcast\.|\bworld\.cast\b", "workers, wiring"),
    "services/checkout/": (r"\bguest\b", "Waiter, or buyer"),
}
"""What only some folders may not say."""


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", *FILES], capture_output=True, text=True, check=True)
    return [
        Path(path)
        for path in listed.stdout.splitlines()
        if path not in HISTORY and path != ITSELF and Path(path).exists()
    ]


def identifiers(source: str) -> set[str]:
    """Return the names of a Python source, as opposed to the words of its texts."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name) | ast.ClassDef(name=name) | ast.Attribute(attr=name):
                found.add(name)
            case ast.alias(name=name, asname=other):
                found |= {name, other or name}
            case _:
                pass
    return found


def names_in(path: str, text: str) -> list[str]:
    """Return each former name of a text, with what to say instead."""
    patterns = BANNED | {
        pattern: better
        for folder, (pattern, better) in IN_FOLDERS.items()
        if path.startswith(folder)
    }
    found = [
        f"{path}: {hit.group()!r}: say {better}"
        for pattern, better in patterns.items()
        for hit in re.finditer(pattern, text)
    ]
    if path.endswith(".py"):
        named = identifiers(text) & CLASSES.keys()
        found += [f"{path}: {name!r}: say {CLASSES[name]}" for name in sorted(named)]
    return found


def test_no_file_uses_a_former_name() -> None:
    files = tracked()

    assert len(files) > 500
    assert [found for path in files for found in names_in(str(path), path.read_text())] == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("services/access/tests/test_x.py", "def test_told_twice_nothing_happens(): ..."),
        ("docs/x.md", "the errands of a service"),
        ("ops/x.py", "def read(place: Place) -> None: ..."),
        ("ops/x.py", "class Desk:\n    pass"),
        ("tests/simulation/x.py", "self.fate.chance(0.5)"),
        ("services/chat/x.py", "SQL = 'SELECT * FROM seat_list'"),
        ("ops/x.py", 'typer.Typer(help="What is parked")'),
    ],
)
def test_former_name_is_found(path: str, text: str) -> None:
    """The control."""
    assert names_in(path, text) != []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("ops/x.py", 'app.add_typer(dead_letters.app, name="parked", hidden=True)'),
        ("services/x.py", '"""Places an order and looks at one line."""'),
        ("services/checkout/stock/x.py", "SQL = 'SELECT * FROM seat_list'"),
        ("services/chat/x.py", "from libs.events.checkout import MembershipChanged"),
        ("sandbox/stream/grants.py", 'GRANTS = {"guest": ("cast-vote",)}'),
    ],
)
def test_plain_english_is_fine(path: str, text: str) -> None:
    assert names_in(path, text) == []
