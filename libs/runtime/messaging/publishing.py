"""Which private events of a service are published, and as which public contracts."""

import dataclasses
from functools import singledispatch
from typing import Any, TypeVar

from libs.events.contract import Contract

C = TypeVar("C", bound=Contract)


def copied(contract: type[C], *sources: object, **named: object) -> C:
    """Return the contract, its fields filled by name: from `named`, or from the first source with
    them.

    The sources are the event and its parts. Raises AttributeError for a field that no source has,
    even if it has a default, and TypeError for a name that is no field.
    """
    if unknown := sorted(named.keys() - contract.model_fields.keys()):
        raise TypeError(f"{contract.type} has no {', '.join(unknown)}")
    fields = {
        name: named[name] if name in named else _attribute(name, sources)
        for name in contract.model_fields
    }
    return contract.model_validate(fields)


def _attribute(name: str, sources: tuple[object, ...]) -> object:
    source = next((each for each in sources if hasattr(each, name)), sources[0])
    return getattr(source, name)


class Publishing:
    """Translates private events, each declared once: public, private, or by a registered function.

    A function returns None for an event that is public only sometimes.
    """

    def __init__(self) -> None:
        self._translate = singledispatch(_undeclared)
        self.register = self._translate.register
        self.registry = self._translate.registry

    def __call__(self, event: object) -> Contract | None:
        """Return the public contract of an event, or None. Raises NotImplementedError if it is
        undeclared."""
        return self._translate(event)

    def public(self, event: type, contract: type[Contract], *, id_as: str | None = None) -> None:
        """Publish the event's fields of the same names; the field `id_as` takes its aggregate's id.

        Raises TypeError if the event lacks a field of the contract.
        """
        sources = {name: name for name in contract.model_fields}
        if id_as is not None:
            sources[id_as] = "originator_id"
        if unknown := set(sources) - set(contract.model_fields):
            raise TypeError(f"{contract.type} has no field {unknown.pop()}")
        known = {field.name for field in dataclasses.fields(event)}
        if missing := sorted(set(sources.values()) - known):
            raise TypeError(f"{contract.type}: {event.__qualname__} has no {', '.join(missing)}")

        def translate(private: Any) -> Contract:
            return contract.model_validate(
                {name: getattr(private, source) for name, source in sources.items()}
            )

        self._declare(event, translate)

    def private(self, *events: type) -> None:
        """Keep these events private."""
        for event in events:
            self._declare(event, _nothing)

    def _declare(self, event: type, translate: Any) -> None:
        if event in self.registry:
            raise TypeError(f"{event.__qualname__} is declared twice")
        self.register(event, translate)


def _undeclared(event: object) -> Contract | None:
    raise NotImplementedError(f"{type(event).__qualname__}: public or private?")


def _nothing(_: object) -> None:
    """Return None: the event is private."""
