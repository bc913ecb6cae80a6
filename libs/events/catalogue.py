"""The catalogue of public events: JSON Schemas, an AsyncAPI 3 document and a page to read.

`./bp golden` writes them into the repository; a contract test holds them to the code.
"""

import json
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import libs.events
from libs.events.contract import REGISTRY, Contract, filter_of, stream_of

SCHEMAS: Final = Path("libs/events/schemas")
ASYNCAPI: Final = Path("docs/asyncapi.json")
PAGE: Final = Path("docs/events.md")


def contracts() -> list[type[Contract]]:
    """Return every contract of every service, by type."""
    for module in pkgutil.iter_modules(libs.events.__path__):
        if not module.name.startswith("_"):
            import_module(f"libs.events.{module.name}")
    ours = (c for c in REGISTRY.values() if c.__module__.startswith("libs.events."))
    return sorted(ours, key=lambda contract: contract.type)


def documents(subscribers: Mapping[str, Sequence[str]]) -> Iterator[tuple[Path, str]]:
    """Each generated file with its text; `subscribers` are the services that hear each type."""
    known = contracts()
    for contract in known:
        yield SCHEMAS / f"{contract.type}.json", _json(schema_of(contract))
    yield ASYNCAPI, _json(asyncapi(known))
    yield PAGE, page(known, subscribers)


def schema_of(contract: type[Contract]) -> dict[str, Any]:
    """Return the JSON Schema of one contract."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:backstage:event:{contract.type}",
        **contract.model_json_schema(mode="serialization"),
    }


def asyncapi(known: list[type[Contract]]) -> dict[str, Any]:
    """Return an AsyncAPI 3.0 document with a channel and a send operation for each event."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Backstage Pass: public events",
            "version": "1",
            "description": "CloudEvents 1.0 in binary mode over NATS JetStream.",
        },
        "defaultContentType": "application/json",
        "channels": {c.type: _channel(c) for c in known},
        "operations": {
            f"publish_{c.type}": {"action": "send", "channel": {"$ref": f"#/channels/{c.type}"}}
            for c in known
        },
    }


def _channel(contract: type[Contract]) -> dict[str, Any]:
    return {
        "address": f"bp.{contract.type}.{{entity_id}}",
        "description": f"In the stream {stream_of(contract.producer())}.",
        "parameters": {"entity_id": {"description": "The entity that the event is about."}},
        "messages": {
            contract.__name__: {
                "name": contract.type,
                "summary": _first_sentence(contract),
                "payload": schema_of(contract),
            }
        },
    }


def page(known: list[type[Contract]], subscribers: Mapping[str, Sequence[str]]) -> str:
    """The catalogue for people, one table for each service."""
    lines = [
        "# Public events",
        "",
        "Generated from the docstrings of `libs/events` by `./bp golden`; don't edit.",
        "Each is a CloudEvent 1.0 in binary mode; the headers are those of",
        "`libs/events/envelope.py`, the schemas lie in `libs/events/schemas/`.",
    ]
    for service, theirs in _by_producer(known).items():
        lines += ["", f"## {service}", "", f"Stream `{stream_of(service)}`.", ""]
        lines += ["| event | subject | meaning | payload | subscribers |", "|---|---|---|---|---|"]
        for contract in theirs:
            fields = ", ".join(f"`{name}`" for name in contract.model_fields)
            cells = (
                f"`{contract.__name__}`",
                f"`{filter_of(contract)}`",
                _first_sentence(contract),
                fields,
                ", ".join(subscribers.get(contract.type, ())) or "nobody",
            )
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _by_producer(known: list[type[Contract]]) -> Mapping[str, list[type[Contract]]]:
    by_producer: dict[str, list[type[Contract]]] = {}
    for contract in known:
        by_producer.setdefault(contract.producer(), []).append(contract)
    return by_producer


def _first_sentence(contract: type[Contract]) -> str:
    return " ".join((contract.__doc__ or "").strip().split("\n\n", 1)[0].split())


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, sort_keys=True) + "\n"
