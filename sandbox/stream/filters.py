"""Mongo-style filters and sort orders of the query endpoints."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from sandbox.state import Document
from sandbox.stream.problems import bad_input

Fields = Callable[[str], Any]


def matches(conditions: Mapping[str, Any], fields: Fields) -> bool:
    """Return whether an object passes a filter. Raises Refused (4) for an unknown operator."""
    return all(_holds(name, wanted, fields) for name, wanted in conditions.items())


def _holds(name: str, wanted: Any, fields: Fields) -> bool:
    if name == "$and":
        return all(matches(part, fields) for part in _parts(wanted))
    if name == "$or":
        return any(matches(part, fields) for part in _parts(wanted))
    if name == "$nor":
        return not any(matches(part, fields) for part in _parts(wanted))
    if name.startswith("$"):
        raise bad_input(f"operator {name} is not supported")
    have = fields(name)
    if not isinstance(wanted, Mapping):
        return _equal(have, wanted)
    return all(_compare(operator, have, value) for operator, value in wanted.items())


def _parts(wanted: Any) -> list[Mapping[str, Any]]:
    if not isinstance(wanted, list) or not all(isinstance(part, Mapping) for part in wanted):
        raise bad_input("$and, $or and $nor take a list of filters")
    return wanted


def _compare(operator: str, have: Any, wanted: Any) -> bool:
    comparison = _OPERATORS.get(operator)
    if comparison is None:
        raise bad_input(f"operator {operator} is not supported")
    if operator in ("$in", "$nin") and not isinstance(wanted, list):
        raise bad_input(f"{operator} takes a list of values")
    return comparison(have, wanted)


def _equal(have: Any, wanted: Any) -> bool:
    if isinstance(have, list) and not isinstance(wanted, list):
        return wanted in have
    if isinstance(have, list):
        return sorted(map(str, have)) == sorted(map(str, wanted))
    return bool(have == wanted)


def _within(have: Any, wanted: Any) -> bool:
    if isinstance(have, list):
        return any(value in wanted for value in have)
    return have in wanted


def _begins(have: Any, wanted: Any) -> bool:
    return isinstance(have, str) and have.lower().startswith(str(wanted).lower())


def _ordered(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(have: Any, wanted: Any) -> bool:
        comparable = isinstance(have, str) == isinstance(wanted, str) and have is not None
        return comparable and test(have, wanted)

    return compare


_OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "$eq": _equal,
    "$ne": lambda have, wanted: not _equal(have, wanted),
    "$in": _within,
    "$nin": lambda have, wanted: not _within(have, wanted),
    "$gt": _ordered(lambda have, wanted: have > wanted),
    "$gte": _ordered(lambda have, wanted: have >= wanted),
    "$lt": _ordered(lambda have, wanted: have < wanted),
    "$lte": _ordered(lambda have, wanted: have <= wanted),
    "$exists": lambda have, wanted: (have is not None) == bool(wanted),
    "$contains": lambda have, wanted: isinstance(have, list) and wanted in have,
    "$autocomplete": _begins,
    "$q": _begins,
}


def in_order(
    found: Iterable[Any], sort: list[Document], fields: Callable[[Any, str], Any]
) -> list[Any]:
    """Return the objects in the requested order: `[{"field": …, "direction": 1 or -1}]`."""
    ordered = list(found)
    for rule in reversed(sort):
        name = rule.get("field")
        if not isinstance(name, str) or rule.get("direction", 1) not in (1, -1):
            raise bad_input("sort takes a field and a direction of 1 or -1")
        ordered.sort(
            key=lambda item, name=name: _rank(fields(item, name)),  # type: ignore[misc]
            reverse=rule.get("direction", 1) == -1,
        )
    return ordered


def _rank(value: Any) -> tuple[int, float, str]:
    if value is None:
        return (0, 0.0, "")
    if isinstance(value, bool | int | float):
        return (1, float(value), "")
    return (2, 0.0, str(value))
