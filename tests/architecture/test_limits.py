"""Files, functions and imports stay within the house's limits."""

import ast
import subprocess
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

LINES_OF_A_FILE, LINES_OF_A_FUNCTION, LINES_OF_A_FOLDER = 300, 60, 1000
CODE = ("*.py", "*.ts", "*.js", "*.mjs", "*.css", "*.html", "*.sql")


def tracked(*patterns: str) -> list[Path]:
    """Return the product's files: those of git outside of tests."""
    listed = subprocess.run(
        ["git", "ls-files", *patterns], capture_output=True, text=True, check=True
    )
    paths = map(Path, listed.stdout.splitlines())
    return [path for path in paths if "tests" not in path.parts and path.exists()]


def too_long(paths: list[Path], most: int) -> list[str]:
    lengths = {str(path): len(path.read_text().splitlines()) for path in paths}
    return [f"{path}: {lines}" for path, lines in lengths.items() if lines > most]


def long_functions(source: str, most: int) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            if lines > most:
                found.append(f"{node.name}: {lines}")
    return found


def module_of(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_by(source: str, modules: set[str]) -> set[str]:
    """Return the modules that a source names; a name inside a package counts as its module."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            full = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= full & modules or {node.module}
    return found & modules


def require_no_cycle(imports: dict[str, set[str]]) -> None:
    """Raise CycleError, which names the modules of the cycle."""
    TopologicalSorter(imports).prepare()


def test_no_file_is_longer_than_300_lines() -> None:
    files = tracked(*CODE)

    assert len(files) > 300
    assert too_long(files, LINES_OF_A_FILE) == []


def test_no_module_of_the_checkout_is_longer_than_1000_lines() -> None:
    folders = Counter[str]()
    for path in tracked("services/checkout/*.py"):
        folders[str(path.parent)] += len(path.read_text().splitlines())

    assert len(folders) > 5
    assert {k: lines for k, lines in folders.items() if lines > LINES_OF_A_FOLDER} == {}


def test_no_function_is_longer_than_60_lines() -> None:
    found = {
        str(path): functions
        for path in tracked("*.py")
        if (functions := long_functions(path.read_text(), LINES_OF_A_FUNCTION))
    }

    assert found == {}


def test_imports_make_no_cycle() -> None:
    paths = {module_of(path): path for path in tracked("*.py")}
    modules = set(paths)
    imports = {name: imported_by(path.read_text(), modules) for name, path in paths.items()}

    assert sum(map(len, imports.values())) > 500
    require_no_cycle({name: others - {name} for name, others in imports.items()})


def test_long_code_and_import_cycles_are_found(tmp_path: Path) -> None:
    """The control."""
    long_file = tmp_path / "long.py"
    long_file.write_text("x = 1\n" * 301)

    assert too_long([long_file], LINES_OF_A_FILE) == [f"{long_file}: 301"]
    assert long_functions("def f():\n" + "    x = 1\n" * 60, LINES_OF_A_FUNCTION) == ["f: 61"]
    assert imported_by("from a import b\nimport c\nfrom a import d", {"a", "a.b", "c"}) == {
        *("a", "a.b", "c")
    }
    with pytest.raises(CycleError):
        require_no_cycle({"a": {"b"}, "b": {"c"}, "c": {"a"}})
