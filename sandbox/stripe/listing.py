"""Pages of objects, filters by time, search and expansion, as in all of Stripe's API."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from sandbox.state import Document
from sandbox.stripe import problems
from sandbox.stripe.account import Account, Call, shown

_COMPARE = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
}
_MAX_DEPTH = 4
_CLAUSE = re.compile(
    r"\s*(?P<minus>-)?(?P<field>[a-z_.]+)(?:\[(?P<q>[\"'])(?P<key>.*?)(?P=q)\])?"
    r"(?P<op>:|~|>=|<=|>|<)"
    r"(?:\"(?P<double>(?:[^\"\\]|\\.)*)\"|'(?P<single>(?:[^'\\]|\\.)*)'|(?P<bare>[\w.-]+))"
    r"\s*(?P<join>AND|OR)?",
    re.IGNORECASE,
)
_EXPANDABLE = frozenset(
    {
        "application",
        "balance_transaction",
        "charge",
        "customer",
        "default_source",
        "failure_balance_transaction",
        "latest_charge",
        "on_behalf_of",
        "payment_intent",
        "payment_method",
        "refunds",
        "review",
        "source_transfer",
        "test_clock",
    }
)
_SEARCHABLE = frozenset({"amount", "created", "currency", "customer", "metadata", "status"})


def _in_time(created: int, asked: Any) -> bool:
    if asked is None:
        return True
    if isinstance(asked, int):
        return created == asked
    return all(_COMPARE[name](created, bound) for name, bound in asked.items())


def _limit(call: Call) -> int:
    limit = call.params.get("limit", 10)
    if not 1 <= limit <= 100:
        side = "greater than or equal to 1" if limit < 1 else "less than or equal to 100"
        message = f"This value must be {side}."
        code = "parameter_invalid_integer"
        raise problems.invalid(message, code=code, param="limit", begun=False)
    return int(limit)


def _after(documents: Iterable[Document], cursor: str) -> Iterator[Document]:
    found = False
    for document in documents:
        if found:
            yield document
        found = found or document["id"] == cursor


def _before(documents: Iterable[Document], cursor: str, limit: int) -> list[Document]:
    newer: list[Document] = []
    for document in documents:
        if document["id"] == cursor:
            break
        newer.append(document)
    return newer[-limit - 1 :]


def _check_cursor(call: Call, name: str) -> str | None:
    cursor: str | None = call.params.get(name)
    if cursor is None:
        return None
    collection = call.account.collection_of(cursor)
    if collection is None or collection.get(cursor) is None:
        raise problems.missing("object", cursor, name)
    return cursor


def list_page(call: Call, documents: Iterable[Document], url: str) -> Document:
    """Return one page of objects, newest first, by the usual list parameters."""
    limit = _limit(call)
    asked = call.params.get("created")
    timely: Iterator[Document] = (
        document for document in documents if _in_time(document["created"], asked)
    )
    if (cursor := _check_cursor(call, "ending_before")) is not None:
        newer = _before(timely, cursor, limit)
        return _page(newer[-limit:], len(newer) > limit, url)
    if (cursor := _check_cursor(call, "starting_after")) is not None:
        timely = _after(timely, cursor)
    page: list[Document] = []
    for document in timely:
        if len(page) == limit:
            return _page(page, True, url)
        page.append(document)
    return _page(page, False, url)


def _page(documents: list[Document], has_more: bool, url: str) -> Document:
    data = [shown(document) for document in documents]
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def first_page(documents: list[Document], url: str) -> Document:
    """Return the first ten objects of a list inside another object."""
    return _page(documents[:10], len(documents) > 10, url)


def search_page(call: Call, documents: Iterable[Document], url: str) -> Document:
    """Return one page of objects that match a query in Stripe's search language."""
    limit = _limit(call)
    matches = _query(call.params["query"])
    cursor = call.params.get("page") or "0"
    if not cursor.isdecimal():
        raise problems.invalid("Invalid page token.", param="page", begun=False)
    skipped = int(cursor)
    found = [document for document in documents if matches(document)]
    page = found[skipped : skipped + limit]
    has_more = len(found) > skipped + limit
    return {
        "object": "search_result",
        "data": [shown(document) for document in page],
        "has_more": has_more,
        "next_page": str(skipped + limit) if has_more else None,
        "url": url,
    }


def _query(text: str) -> Any:
    clauses, joins, at = [], set(), 0
    while at < len(text):
        clause = _CLAUSE.match(text, at)
        if clause is None or not _readable(clause):
            message = f"We were unable to parse your search query: {text}"
            raise problems.invalid(message, param="query", begun=False)
        clauses.append(clause)
        joins.add((clause["join"] or "").upper())
        at = clause.end()
    joins.discard("")
    if not clauses or len(joins) > 1:
        message = "A search query has clauses joined by AND or by OR, but not by both."
        raise problems.invalid(message, param="query", begun=False)
    every = any if joins == {"OR"} else all
    return lambda document: every(_matches(document, clause) for clause in clauses)


def _readable(clause: re.Match[str]) -> bool:
    by_size = clause["op"] in (">", ">=", "<", "<=")
    number = _wanted(clause).isdecimal() and clause["field"] in ("amount", "created")
    return clause["field"] in _SEARCHABLE and (number or not by_size)


def _wanted(clause: re.Match[str]) -> str:
    return clause["double"] or clause["single"] or clause["bare"] or ""


def _matches(document: Document, clause: re.Match[str]) -> bool:
    value = document.get(clause["field"])
    if clause["field"] == "metadata":
        value = (value or {}).get(clause["key"])
    found = value is not None and _compares(value, clause["op"], _wanted(clause))
    return found is not bool(clause["minus"])


def _compares(value: Any, operator: str, wanted: str) -> bool:
    if operator == ":":
        return str(value).lower() == wanted.lower()
    if operator == "~":
        return wanted.lower() in str(value).lower()
    sign = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}[operator]
    return bool(_COMPARE[sign](int(value), int(wanted)))


def expand(account: Account, document: Document, paths: list[str]) -> Document:
    """Return the answer with the objects named by `expand[]` in place of their ids."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > _MAX_DEPTH:
            message = "You cannot expand more than 4 levels of a property."
            raise problems.invalid(message, param="expand", begun=False)
        _expand(account, document, steps, path)
    return document


def _expand(account: Account, document: Any, steps: list[str], path: str) -> None:
    if isinstance(document, list):
        for item in document:
            _expand(account, item, steps, path)
        return
    step, *rest = steps
    if not isinstance(document, dict):
        raise _not_expandable(path)
    if document.get("object") == "charge" and step == "refunds":
        document[step] = _refunds_of(account, document["id"])
    if step not in document or not (rest or step in _EXPANDABLE):
        raise _not_expandable(path)
    if isinstance(document[step], str) and step in _EXPANDABLE:
        document[step] = _whole(account, document[step], path)
    if rest and document[step] is not None:
        _expand(account, document[step], rest, path)


def _whole(account: Account, object_id: str, path: str) -> Document:
    collection = account.collection_of(object_id)
    found = collection.get(object_id) if collection is not None else None
    if found is None:
        raise _not_expandable(path)
    return shown(found)


def _not_expandable(path: str) -> problems.Refusal:
    message = f"This property cannot be expanded ({path})."
    return problems.invalid(message, param="expand", begun=False)


def _refunds_of(account: Account, charge_id: str) -> Document:
    mine = [refund for refund in account.refunds.newest() if refund["charge"] == charge_id]
    return first_page(mine, f"/v1/charges/{charge_id}/refunds")
