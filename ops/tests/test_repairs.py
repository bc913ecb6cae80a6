"""Every command that a finding names exists on the command line."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.exceptions import TyperException

from ops import verify
from ops.__main__ import app

ROOT = Path(verify.__file__).parents[2]
FILES = [*sorted((ROOT / "ops" / "verify").glob("*.py")), ROOT / "tests/chaos/invariants.py"]
_COMMAND = re.compile(r"backstage ([a-z][^;:,(`]*)")
_UUID = "4b0c3f0e-52c8-5b5e-a3b7-7f0b5a7c1d01"
# Values for what stands in braces or in capitals, by a part of its name.
_FILLED = {
    "service": "checkout",
    "producer": "checkout",
    "name": "checkout",
    "of_day": " --day 2026-06-01",
    "day": "2026-06-01",
    "DIR": "backup",
    "dead_letter_id": "7",
}


def commands_in(repair: str) -> list[list[str]]:
    """Return the commands of a repair, without the name of the program."""
    return [each.split() for each in _COMMAND.findall(repair)]


def sentences(file: Path) -> Iterator[str]:
    """Return every text of a file, with each gap filled."""
    nodes = list(ast.walk(ast.parse(file.read_text())))
    joined = [node for node in nodes if isinstance(node, ast.JoinedStr)]
    parts = {id(part) for node in joined for part in ast.walk(node)}
    yield from ("".join(map(filled, node.values)) for node in joined)
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield node.value


def filled(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    assert isinstance(part, ast.FormattedValue)
    return sample(ast.unparse(part.value))


def sample(name: str) -> str:
    return next((value for known, value in _FILLED.items() if known in name), _UUID)


def named() -> list[str]:
    """Return all commands that the findings name."""
    texts = {text for file in FILES for text in sentences(file) if "backstage " in text}
    words = (re.sub(r"\b(DIR|SERVICE)\b", lambda m: sample(m[0].lower()), t) for t in texts)
    return sorted({" ".join(command) for text in words for command in commands_in(text)})


def parse(command: str) -> None:
    """Raise the parser's UsageError if the command line refuses it."""
    group, arguments = typer.main.get_command(app), command.split()
    context = group.context_class(group, info_name="backstage")
    while isinstance(group, typer.core.TyperGroup):
        name, found, arguments = group.resolve_command(context, arguments)
        assert found is not None
        group, context = found, group.context_class(found, info_name=name, parent=context)
    group.parse_args(context, arguments)


@pytest.mark.parametrize("command", named())
def test_a_command_that_a_finding_names_is_taken(command: str) -> None:
    parse(command)


def test_the_findings_name_commands_of_many_kinds() -> None:
    kinds = {command.split()[0] for command in named()}

    assert {"epoch", "events", "inbox", "dead-letters", "projections", "schedule", "stock"} <= kinds


@pytest.mark.parametrize(
    "command",
    ["restore", "dead-letters retry", "events ls --entity x", "nonsense", "stock recount seven"],
)
def test_a_command_that_is_not_there_or_lacks_something_is_refused(command: str) -> None:
    with pytest.raises(TyperException):
        parse(command)
