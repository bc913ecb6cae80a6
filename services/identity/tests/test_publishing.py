from datetime import UTC, datetime
from uuid import uuid4

from libs.events.identity import PersonRegistered
from services.identity.domain import Person, Session
from services.identity.publishing import to_contract

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_registration_is_public_and_says_the_id_alone() -> None:
    person = Person(uuid4(), NOON)
    [registered] = person.collect_events()

    contract = to_contract(registered)

    assert contract == PersonRegistered(person_id=person.id)
    assert set(contract.model_dump()) == {"person_id"}


def test_session_events_stay_private() -> None:
    session = Session(uuid4(), uuid4(), NOON)
    session.end(NOON)

    assert [to_contract(event) for event in session.collect_events()] == [None, None]
