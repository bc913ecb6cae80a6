"""`./bp golden` writes all generated files about events.

These are the golden log, a sample of each contract, the schemas, `docs/events.md`,
`docs/asyncapi.json`, and the lines in each service's docstring about its subscriptions and
publications.
"""

import sys

from libs.events.catalogue import SCHEMAS, contracts
from ops.stores import SERVICES
from tests.contract import golden
from tests.contract.golden_log import recording


def main() -> int:
    """Return 1 if a name can't be recorded, because no test stores it."""
    for contract in contracts():
        golden.write(contract)
    documents = dict(golden.documents())
    for path, text in documents.items():
        path.write_text(text)
    for schema in set(SCHEMAS.iterdir()) - set(documents):
        schema.unlink()
    missing = recording.complete(SERVICES)
    for service, names in missing.items():
        sys.stderr.write(f"no test of services/{service} stores or publishes {sorted(names)}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
