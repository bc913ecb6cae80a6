"""The quick run takes in what is quick, and nothing else."""

import pytest

from tests.suite.parts import part_of

_TESTS = """
import pytest

@pytest.fixture
def own_nats(): pass

@pytest.fixture
def through(own_nats): pass

def test_usual(): pass
def test_with_its_own_server(own_nats): pass
def test_with_one_by_way_of_another_fixture(through): pass
@pytest.mark.e2e
def test_story(): pass
@pytest.mark.timeout(60)
def test_long(): pass
@pytest.mark.timeout(5)
def test_short(): pass
"""


@pytest.mark.parametrize(
    ("options", "passed", "left_out"), [(["--quick"], 2, 4), ([], 6, 0)], ids=["quick", "all"]
)
def test_the_quick_run_leaves_out_servers_stories_and_long_tests(
    options: list[str], passed: int, left_out: int, pytester: pytest.Pytester
) -> None:
    pytester.makeini("[pytest]\ntimeout = 30\nmarkers =\n  e2e: a story\n")
    pytester.makepyfile(_TESTS)

    result = pytester.runpytest_inprocess("-p", "tests.suite.quick", *options)

    result.assert_outcomes(passed=passed, deselected=left_out)


@pytest.mark.parametrize(
    ("nodeid", "part"),
    [
        ("services/access/tests/test_service.py::test_a", "services/access"),
        ("tests/chaos/test_wires.py::test_a", "tests/chaos"),
        ("tests/test_servers.py::test_a", "tests"),
        ("ops/tests/test_pin.py::test_a[tests/x]", "ops"),
    ],
)
def test_a_test_belongs_to_the_part_it_lies_in(nodeid: str, part: str) -> None:
    assert part_of(nodeid) == part
