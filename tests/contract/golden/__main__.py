"""`./bp golden` writes every generated file about events: the golden log, the samples of contracts,
their schemas, `docs/events.md` and `docs/asyncapi.json`."""

import sys

from libs.events.catalogue import contracts, documents
from ops.stores import SERVICES
from tests.contract import golden
from tests.contract.golden_log import recording


def main() -> int:
    """1 when a name can't be recorded, because no test stores it."""
    for contract in contracts():
        golden.write(contract)
    for path, text in documents():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    missing = recording.complete(SERVICES)
    for service, names in missing.items():
        sys.stderr.write(f"no test of services/{service} stores or publishes {sorted(names)}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
