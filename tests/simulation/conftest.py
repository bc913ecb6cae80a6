"""One set of databases for all stories of a run."""

from collections.abc import Iterator

import pytest

from tests.servers import PostgresServer
from tests.simulation.play import built_site
from tests.simulation.site import Site


@pytest.fixture(scope="session")
def site(postgres: PostgresServer) -> Iterator[Site]:
    with built_site(postgres) as site:
        yield site
