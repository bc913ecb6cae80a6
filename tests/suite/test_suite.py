"""The quick run holds the quick tests, and a missing program is reported."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ops.programs.cache import CannotPrepare, Say
from tests.suite import programs
from tests.suite.parts import part_of

_INI = """
[pytest]
timeout = 30
asyncio_default_fixture_loop_scope = function
markers =
  e2e: a story
  own_server: starts one
  needs: programs
  slow(seconds, why): longer than usual
"""
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
@pytest.mark.own_server
def test_with_a_stand_in(): pass
@pytest.mark.slow(60, "it waits")
def test_long(): pass
@pytest.mark.timeout(5)
def test_short(): pass
"""


@pytest.mark.parametrize(
    ("options", "passed", "left_out"), [(["--quick"], 2, 5), ([], 7, 0)], ids=["quick", "all"]
)
def test_the_quick_run_leaves_out_servers_stories_and_long_tests(
    options: list[str], passed: int, left_out: int, pytester: pytest.Pytester
) -> None:
    pytester.makeini(_INI)
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


_NEEDY = """
import pytest

def test_usual(): pass
@pytest.mark.needs("stripe-mock")
def test_with_a_marker(): pass
def test_with_a_fixture(stripe_mock_program):
    assert stripe_mock_program.name == "found"
@pytest.fixture(params=[pytest.param("real", marks=pytest.mark.needs("stripe-mock")), "stand-in"])
def either(request): pass
def test_both_ways(either): pass
"""


def prepared(path: Path | None, asked: list[str]) -> Callable[[Say], Path]:
    """Finds a program, or can't; records that it was asked."""

    def prepare(say: Say) -> Path:
        asked.append("asked")
        if path is None:
            raise CannotPrepare("There is no network: connect this machine.")
        return path

    return prepare


@pytest.mark.parametrize(
    ("path", "options", "outcomes"),
    [
        (Path("found"), [], {"passed": 5}),
        (None, [], {"passed": 2, "skipped": 3}),
        (None, ["--need-all"], {"passed": 2, "errors": 3}),
    ],
    ids=["there", "missing", "missing where all are needed"],
)
def test_test_of_a_missing_program_is_skipped_or_fails(
    path: Path | None,
    options: list[str],
    outcomes: dict[str, int],
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # On CI pytest's own summary repeats each error in full.
    for variable in ("CI", "BUILD_NUMBER"):
        monkeypatch.delenv(variable, raising=False)
    asked: list[str] = []
    monkeypatch.setitem(programs.PREPARE, "stripe-mock", prepared(path, asked))
    pytester.makeini(_INI)
    pytester.makepyfile(_NEEDY)

    result = pytester.runpytest_inprocess("-p", "tests.suite.programs", *options)

    result.assert_outcomes(**outcomes)
    assert asked == ["asked"]
    said = "There is no network: connect this machine."
    assert result.stdout.str().count(said) == (3 if options else 1 if path is None else 0)


def test_nothing_is_prepared_for_tests_that_need_nothing(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setitem(programs.PREPARE, "stripe-mock", prepared(None, asked))
    pytester.makeini(_INI)
    pytester.makepyfile(_NEEDY)

    result = pytester.runpytest_inprocess("-p", "tests.suite.programs", "-k", "usual")

    result.assert_outcomes(passed=1, deselected=4)
    assert asked == []


@pytest.mark.parametrize(
    ("marker", "refused"),
    [
        ("pytest.mark.timeout(31)", True),
        ('pytest.mark.slow(31, "")', True),
        ('pytest.mark.slow(31, "it starts a whole system")', False),
        ("pytest.mark.timeout(5)", False),
    ],
)
def test_a_limit_above_the_usual_one_needs_a_reason(
    marker: str, refused: bool, pytester: pytest.Pytester
) -> None:
    pytester.makeini(_INI)
    pytester.makepyfile(f"import pytest\n\n@{marker}\ndef test_it(): pass\n")

    result = pytester.runpytest_inprocess("-p", "tests.suite.limits")

    assert ("says why, by slow(seconds, why)" in result.stderr.str()) is refused
    assert result.ret == (pytest.ExitCode.USAGE_ERROR if refused else pytest.ExitCode.OK)


def test_a_test_that_takes_longer_than_its_limit_fails(pytester: pytest.Pytester) -> None:
    pytester.makeini(_INI)
    marker = 'pytest.mark.slow(0.2, "a short one")'
    pytester.makepyfile(f"import pytest, time\n\n@{marker}\ndef test_it(): time.sleep(9)\n")

    result = pytester.runpytest_inprocess("-p", "tests.suite.limits")

    result.assert_outcomes(failed=1)
