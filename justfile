# Everything that people and CI run; `./bp NAME` does the same on a machine without just.

set positional-arguments

python := justfile_directory() / ".venv/bin/python"
bin := justfile_directory() / ".venv/bin"

# List the recipes.
[private]
default:
    @{{ just_executable() }} --list --unsorted

[private]
packages group:
    @./bp packages {{ group }}

# Run the whole system: [--port 8000] [--data DIR].
[no-exit-message]
up *args:
    @exec ./bp up "$@"

# Fill a running system with a creator and a pass, and buy it: [--port 8000] [--json].
[no-exit-message]
demo *args: (packages "run")
    @{{ python }} -m ops demo "$@"

# The operators' command line: events ls|tail|show|verify, …
[no-exit-message]
backstage *args: (packages "run")
    @{{ python }} -m ops "$@"

# Build the pages' scripts and styles into web/dist.
[no-exit-message]
web: (packages "run")
    @{{ python }} -m ops web

# Run the tests: all of them, the quick ones (quick), or what pytest's own arguments select, e.g. -m "not e2e".
[no-exit-message]
test *args: (packages "dev")
    @exec {{ python }} -m tests.suite "$@"

# Run stories of the simulated system and check every promise: [--seeds N [--from M] | --seed N] [--json].
[no-exit-message]
simulate *args: (packages "dev")
    @{{ python }} -m tests.simulation "$@"

# Break a running system on purpose and check every promise: [--minutes N] [--seed N] [--json].
[no-exit-message]
chaos *args: (packages "dev")
    @{{ python }} -m tests.chaos "$@"

# Format, lint, types and import rules.
[no-exit-message]
check: (packages "dev")
    {{ bin }}/ruff format --check .
    {{ bin }}/ruff check .
    {{ bin }}/mypy
    {{ bin }}/lint-imports --no-logo

# Format the sources.
format: (packages "dev")
    {{ bin }}/ruff format .
    {{ bin }}/ruff check --fix .

# Write what is generated about events: golden log, samples, schemas and the catalogue.
golden: (packages "dev")
    @{{ python }} -m tests.contract.golden

# Measure one promise and print it as a table: NAME [--json].
[no-exit-message]
bench name *args: (packages "dev")
    @{{ python }} -m bench "$@"

# Move every pinned package to its newest version (writes pyproject.toml).
pin: (packages "run")
    {{ python }} -m ops.pin
