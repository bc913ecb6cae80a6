from ops.pin import locked_versions, with_pins

PROJECT = """[project]
name = "x"
[tool.uv]
constraint-dependencies = [
  "old==1",
]

[other]
list = [
  "stays",
]
"""


def test_pins_replace_the_old_ones_and_nothing_else() -> None:
    once = with_pins(PROJECT, {"new": "2"})

    emptied = with_pins(once, {})
    again = with_pins(emptied, {"new": "2"})

    assert '  "new==2",\n' in once
    assert "old" not in once
    assert once.endswith('[other]\nlist = [\n  "stays",\n]\n')
    assert again == once


def test_only_names_and_versions_are_read_from_a_lock_file() -> None:
    lock = """
[[package]]
name = "a"
version = "1.0"
source = { registry = "https://registry.test/simple" }
[[package]]
name = "split"
version = "1"
source = { registry = "https://registry.test/simple" }
[[package]]
name = "split"
version = "2"
source = { registry = "https://registry.test/simple" }
[[package]]
name = "ours"
version = "0"
source = { virtual = "." }
"""

    versions = locked_versions(lock)

    assert versions == {"a": "1.0"}
