"""What locale files hold, for tests that compare them."""

import re
from pathlib import Path

from fluent.syntax import FluentParser, ast
from fluent.syntax.visitor import Visitor


class _Blanks(Visitor):
    """The variables of a message."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_VariableReference(self, node: ast.VariableReference) -> None:  # noqa: N802
        self.names.add(node.id.name)


def messages_of(file: Path) -> dict[str, set[str]]:
    """Every text of a file, with the names of the values that it wants."""
    found: dict[str, set[str]] = {}
    for entry in FluentParser().parse(file.read_text("utf-8")).body:
        assert not isinstance(entry, ast.Junk), f"{file}: {entry.content}"
        if isinstance(entry, ast.Message):
            name = entry.id.name
            assert name not in found, f"{file}: {name} stands there twice"
            found[name] = _blanks_of(entry.value)
            found |= {f"{name}.{part.id.name}": _blanks_of(part.value) for part in entry.attributes}
    return found


def _blanks_of(pattern: ast.Pattern | None) -> set[str]:
    blanks = _Blanks()
    if pattern is not None:
        blanks.visit(pattern)
    return blanks.names


def texts_of(file: Path) -> dict[str, str]:
    """Every text of a file as it stands there."""
    parts = re.split(r"(?m)^(?=[a-z])", file.read_text("utf-8"))
    pairs = (part.partition(" =") for part in parts if " =" in part)
    return {name: text.partition("\n\n")[0].strip() for name, _, text in pairs}
