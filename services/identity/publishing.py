"""Which of our domain events become public, and in what shape."""

from functools import singledispatch

from libs.events.contract import Contract
from libs.events.identity import PersonRegistered
from services.identity.domain import Person, Session


@singledispatch
def to_contract(event: object) -> Contract | None:
    """Translate one domain event into its public contract, or None."""
    msg = f"{type(event).__qualname__}: public or private?"
    raise NotImplementedError(msg)


@to_contract.register
def _(event: Person.Registered) -> Contract:
    return PersonRegistered(person_id=event.originator_id)


@to_contract.register(Session.Started)
@to_contract.register(Session.Ended)
def _(event: Session.Started | Session.Ended) -> None:
    """Sessions are private."""
