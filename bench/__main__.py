"""`./bp bench NAME [--json] …`: runs one bench; each is a module of this package with `measure`."""

import argparse
import sys
from importlib import import_module

BENCHES = {
    "append": "events stored per second, with followers that miss none",
    "drain": "events that the relay publishes per second after an outage",
    "rebuild": "events per second that a rebuild of a view applies",
    "recovery": "from PostgreSQL's port to the first good order, when it was killed under load",
    "fanout": "from PassPurchased to access, chat and notice",
}


def main() -> int:
    """Run the named bench; returns 1 if a promise is broken."""
    parser = argparse.ArgumentParser(prog="bench", description="Measures one promise.")
    names = parser.add_subparsers(dest="name", required=True, metavar="NAME")
    for name, about in BENCHES.items():
        options = names.add_parser(name, help=about, description=about)
        options.add_argument("--json", action="store_true", help="one object on the last line")
        import_module(f"bench.{name}").add_options(options)
    given = parser.parse_args()
    report = import_module(f"bench.{given.name}").measure(given)
    report.tell(as_json=given.json)
    return 0 if all(promise.kept for promise in report.promises) else 1


if __name__ == "__main__":
    sys.exit(main())
