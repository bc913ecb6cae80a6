"""Rules of the source that no linter knows."""

import re
from collections import Counter
from pathlib import Path

import pytest

SERVICES = sorted(p.name for p in Path("services").iterdir() if (p / "__main__.py").exists())


OF_A_MODULE = {
    *("use_cases", "flows", "order", "quote", "eligibility", "refunds", "repository", "inventory"),
    *(
        "seat",
        "capacity",
        "payment",
        "charge",
        "refund",
        "discrepancy",
        "daily_balance",
        "orphaned_payment",
    ),
}
"""The modules in which a service that is cut by capability decides."""


def sources(*places: str) -> list[Path]:
    return [
        path for place in places for path in Path(place).rglob("*.py") if "tests" not in path.parts
    ]


def naming(pattern: str, paths: list[Path]) -> list[str]:
    return [str(path) for path in paths if re.search(pattern, path.read_text())]


def test_the_environment_is_read_by_settings_alone() -> None:
    readers = naming(r"os\.environ|getenv", sources("services", "libs"))

    assert readers == []


@pytest.mark.parametrize(
    "pattern",
    [r"\butcnow\b|datetime\.now\(|time\.time\(", r"\buuid4\(|\brandom\.\w|\bsecrets\.\w"],
    ids=["clock", "chance"],
)
def test_domains_and_reactions_take_neither_clock_nor_chance(pattern: str) -> None:
    pure = [
        path
        for path in sources("services")
        if path.stem in {"domain", "application", "publishing", "reactions", "projections"}
        or "domain" in path.parts
        or path.stem in OF_A_MODULE
    ]

    assert len(pure) > 30
    assert naming(pattern, pure) == []


def test_money_is_never_multiplied_by_a_hundred() -> None:
    assert naming(r"\*\s*100\b", sources("services/checkout", "services/catalog", "libs")) == []


def test_the_log_is_followed_by_nothing_but_the_watermark() -> None:
    """The library's subscription and its lock-free function mode both lose events."""
    unsafe = r"POSTGRES_ENABLE_DB_FUNCTIONS|\.subscribe\(gt|LISTEN |NOTIFY [a-z]|dcb"

    assert naming(unsafe, sources("services", "libs", "ops")) == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_says_what_it_owns_subscribes_to_publishes_and_never_does(service: str) -> None:
    text = Path("services", service, "__init__.py").read_text()

    titles = re.findall(r"^([A-Z][a-z ]*):", text, re.MULTILINE)
    assert titles[-4:] == ["Owns", "Subscribes to", "Publishes", "Never"]


@pytest.mark.parametrize("texts", sorted(Path("services").glob("*/locale/*.ftl")), ids=str)
def test_a_text_is_written_once(texts: Path) -> None:
    keys = re.findall(r"^([a-z][\w-]*) =", texts.read_text(), re.MULTILINE)

    assert [key for key, times in Counter(keys).items() if times > 1] == []
