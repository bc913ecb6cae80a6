from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from libs.events.contract import Contract
from libs.runtime.messaging.publishing import Publishing, copied


@dataclass
class Said:
    originator_id: UUID
    words: str
    volume: int


class WordsSaid(Contract):
    type: ClassVar[str] = "stage.words_said.v1"
    speech_id: UUID
    words: str


class VolumeMeasured(Contract):
    type: ClassVar[str] = "stage.volume_measured.v1"
    words: str
    decibel: int = 0


def test_fields_of_the_same_name_and_the_id_are_copied() -> None:
    to_contract, speech = Publishing(), uuid4()
    to_contract.public(Said, WordsSaid, id_as="speech_id")

    told = to_contract(Said(speech, "good evening", 3))

    assert told == WordsSaid(speech_id=speech, words="good evening")


@pytest.mark.parametrize(
    ("contract", "id_as", "problem"),
    [
        (WordsSaid, None, "Said has no speech_id"),
        (WordsSaid, "person_id", "has no field person_id"),
        (VolumeMeasured, None, "Said has no decibel"),
    ],
)
def test_a_field_that_nothing_fills_is_refused_when_it_is_declared(
    contract: type[Contract], id_as: str | None, problem: str
) -> None:
    with pytest.raises(TypeError, match=problem):
        Publishing().public(Said, contract, id_as=id_as)


def test_a_private_event_is_not_published() -> None:
    to_contract = Publishing()
    to_contract.private(Said)

    assert to_contract(Said(uuid4(), "psst", 1)) is None


def test_a_function_may_name_some_fields_and_copy_the_others() -> None:
    to_contract = Publishing()

    @to_contract.register
    def _(event: Said) -> Contract | None:
        return copied(VolumeMeasured, event, decibel=event.volume) if event.volume else None

    assert to_contract(Said(uuid4(), "loud", 9)) == VolumeMeasured(words="loud", decibel=9)
    assert to_contract(Said(uuid4(), "", 0)) is None


def test_what_the_event_lacks_comes_from_the_next_source() -> None:
    event, room = Said(uuid4(), "good evening", 3), VolumeMeasured(words="hum", decibel=40)

    assert copied(VolumeMeasured, event, room) == VolumeMeasured(words="good evening", decibel=40)


@pytest.mark.parametrize(
    ("named", "problem"),
    [
        ({}, AttributeError),
        ({"decibel": "much"}, ValidationError),
        ({"decibels": 9}, TypeError),
    ],
)
def test_a_field_that_is_missing_or_wrong_is_never_published(
    named: dict[str, object], problem: type[Exception]
) -> None:
    with pytest.raises(problem, match="decibel"):
        copied(VolumeMeasured, Said(uuid4(), "loud", 9), **named)


def test_an_event_is_declared_once_and_only_once() -> None:
    to_contract = Publishing()
    to_contract.private(Said)

    with pytest.raises(TypeError, match="declared twice"):
        to_contract.public(Said, WordsSaid, id_as="speech_id")
    with pytest.raises(NotImplementedError, match="public or private"):
        Publishing()(Said(uuid4(), "", 0))
