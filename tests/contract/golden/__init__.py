"""A golden sample of each public contract: every field filled in, as first published.

Also the generated files: the catalogue, and lines in the services' docstrings.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin
from uuid import UUID, uuid5

from pydantic import AwareDatetime, BaseModel

from libs.events import catalogue
from libs.events.contract import Contract
from ops import stores
from tests.contract.golden import service_lines

FOLDER: Final = Path(__file__).parent
_ENVELOPE: Final = FOLDER.parent / "golden_envelope.json"
_IDS: Final = UUID("0d4c2d0e-9a53-5c1b-8a0f-5d8a3d1a7c11")
_PLAIN: Final[dict[Any, Any]] = {
    bool: True,
    int: 7,
    AwareDatetime: datetime(2026, 6, 1, 18, 30, tzinfo=UTC),
}


def path_of(type_: str) -> Path:
    """Return the file of a contract's sample."""
    return FOLDER / f"{type_}.json"


def read(contract: type[Contract]) -> dict[str, Any]:
    """Return the sample as it was first published."""
    sample: dict[str, Any] = json.loads(path_of(contract.type).read_text())
    return sample


def envelope() -> dict[str, str]:
    """Return the headers of one event as they were first published."""
    headers: dict[str, str] = json.loads(_ENVELOPE.read_text())
    return headers


def write(contract: type[Contract]) -> None:
    """Write a sample of a new contract. An existing one stays, because it stands for old
    messages."""
    if not path_of(contract.type).exists():
        path_of(contract.type).write_text(sample_of(contract).model_dump_json(indent=2) + "\n")


def sample_of(contract: type[Contract]) -> Contract:
    """Return the contract with a value in each field, optional ones included."""
    return contract.model_validate(_model(contract, contract.type))


def documents() -> Iterator[tuple[Path, str]]:
    """Return each generated file with its text."""
    yield from catalogue.documents(stores.subscribers())
    for path in service_lines.paths():
        yield path, service_lines.updated(path.parent.name, path.read_text())


def _model(model: type[BaseModel], path: str) -> dict[str, Any]:
    return {
        name: _value(field.annotation, f"{path}/{name}")
        for name, field in model.model_fields.items()
    }


def _value(annotation: Any, path: str) -> Any:
    """Return a value of this type; each id and text of a sample is different."""
    if get_origin(annotation) in {Union, UnionType}:
        annotation = next(each for each in get_args(annotation) if each is not type(None))
    if get_origin(annotation) in {tuple, list}:
        return [_value(get_args(annotation)[0], f"{path}/0")]
    if annotation is UUID:
        return uuid5(_IDS, path)
    if annotation is str:
        return path.rpartition("/")[2].replace("_", "-")
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if issubclass(annotation, Enum):
        return list(annotation)[-1]
    return _model(annotation, path)
