"""Checks a request against the published parameters of its operation, and types its values."""

import re
from contextlib import suppress
from typing import Any

from sandbox.stripe import problems

Form = dict[str, Any]

_INTEGER = re.compile(r"-?[0-9]{1,18}")


def check_parameters(form: Form, given: dict[str, Any]) -> dict[str, Any]:
    """Return the given values with their published types; an empty value becomes None.

    Raises Stripe's refusal for an unknown, missing or ill-typed parameter.
    """
    for name in form["required"]:
        if name not in given:
            message = f"Missing required param: {name}."
            raise problems.invalid(message, code="parameter_missing", param=name, begun=False)
    return _object(form, given, "")


def _object(form: Form, given: Any, at: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise problems.invalid("Invalid object", param=at, begun=False)
    values = {}
    for name, value in given.items():
        where = f"{at}[{name}]" if at else name
        if name not in form["fields"]:
            message = f"Received unknown parameter: {where}"
            raise problems.invalid(message, code="parameter_unknown", param=where, begun=False)
        values[name] = _typed(form["fields"][name], value, where)
    for name in form["required"]:
        if name not in given:
            where = f"{at}[{name}]" if at else name
            message = f"Missing required param: {where}."
            raise problems.invalid(message, code="parameter_missing", param=where, begun=False)
    return values


def _typed(form: Form, value: Any, at: str) -> Any:
    if value == "" and form["type"] not in ("anything", "string"):
        if form.get("emptiable"):
            return None
        raise _empty(at)
    return _TYPES[form["type"]](form, value, at)


def _empty(at: str) -> problems.Refusal:
    message = (
        f"You passed an empty string for '{at}'. We assume empty values are an attempt to "
        f"unset a parameter; however '{at}' cannot be unset. You should remove '{at}' from "
        "your request or supply a non-empty value."
    )
    return problems.invalid(message, code="parameter_invalid_empty", param=at, begun=False)


def _string(form: Form, value: Any, at: str) -> str | None:
    if not isinstance(value, str):
        raise problems.invalid("Invalid string", param=at, begun=False)
    if value == "" and form.get("emptiable"):
        return None
    return value


def _integer(_form: Form, value: Any, at: str) -> int:
    if not isinstance(value, str) or not _INTEGER.fullmatch(value):
        message = f"Invalid integer: {value}"
        code = "parameter_invalid_integer"
        raise problems.invalid(message, code=code, param=at, begun=False)
    return int(value)


def _boolean(_form: Form, value: Any, at: str) -> bool:
    if value not in ("true", "false"):
        raise problems.invalid(f"Invalid boolean: {value}", param=at, begun=False)
    return bool(value == "true")


def _number(_form: Form, value: Any, at: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise problems.invalid(f"Invalid decimal: {value}", param=at, begun=False) from None


def _enum(form: Form, value: Any, at: str) -> Any:
    if value not in form["values"]:
        listed = ", ".join(str(option) for option in form["values"] if option)
        message = f"Invalid {at}: must be one of {listed}"
        raise problems.invalid(message, param=at, begun=False)
    return value


def _array(form: Form, value: Any, at: str) -> list[Any]:
    if not isinstance(value, list):
        raise problems.invalid("Invalid array", param=at, begun=False)
    return [_typed(form["items"], item, f"{at}[{i}]") for i, item in enumerate(value)]


def _map(_form: Form, value: Any, at: str) -> dict[str, Any]:
    if isinstance(value, list):
        value = {str(i): item for i, item in enumerate(value)}
    if not isinstance(value, dict):
        raise problems.invalid("Invalid object", param=at, begun=False)
    for name, item in value.items():
        if not isinstance(item, str):
            raise problems.invalid("Invalid string", param=f"{at}[{name}]", begun=False)
    return value


def _choice(form: Form, value: Any, at: str) -> Any:
    *others, last = form["options"]
    for option in others:
        with suppress(problems.Refusal):
            return _typed(option, value, at)
    return _typed(last, value, at)


def _anything(_form: Form, value: Any, _at: str) -> Any:
    return value


_TYPES = {
    "object": _object,
    "string": _string,
    "integer": _integer,
    "boolean": _boolean,
    "number": _number,
    "enum": _enum,
    "array": _array,
    "map": _map,
    "choice": _choice,
    "anything": _anything,
}
