"""What was ever published can be read for ever, and the catalogue says what the code does."""

import json
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import ValidationError

from libs.events.catalogue import PAGE, SCHEMAS, contracts
from libs.events.contract import Contract, subject_of
from libs.events.envelope import Envelope, UnreadableEnvelope
from tests.contract import golden
from tests.contract.golden import service_lines

CONTRACTS = contracts()
BY_TYPE = {contract.type: contract for contract in CONTRACTS}


def test_every_contract_has_a_golden_sample_and_every_sample_its_contract() -> None:
    samples = {path.stem for path in golden.FOLDER.glob("*.json")}

    assert samples <= set(BY_TYPE), "a published version never disappears"
    assert samples >= set(BY_TYPE), "run ./bp golden"


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.type)
def test_a_golden_sample_reads_and_writes_the_same(contract: type[Contract]) -> None:
    sample = golden.read(contract)

    written = json.loads(contract.model_validate(sample).model_dump_json())

    # A field added since is written with its default; what was there reads as it was.
    assert sample.items() <= written.items()


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.type)
def test_a_new_sample_leaves_no_field_empty(contract: type[Contract]) -> None:
    sample = golden.sample_of(contract)

    assert None not in sample.model_dump().values()
    assert type(sample).model_validate_json(sample.model_dump_json()) == sample


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.type)
def test_a_reader_passes_over_fields_that_it_does_not_know(contract: type[Contract]) -> None:
    sample = golden.read(contract)

    contract.model_validate({**sample, "added_by_a_later_release": 1})


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.type)
def test_a_message_without_its_first_field_is_refused(contract: type[Contract]) -> None:
    sample = golden.read(contract)
    del sample[next(iter(contract.model_fields))]

    with pytest.raises(ValidationError):
        contract.model_validate(sample)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.type)
def test_types_and_subjects_follow_one_rule(contract: type[Contract]) -> None:
    service, name, version = contract.type.split(".")

    assert service == contract.__module__.rsplit(".", 1)[-1]
    assert contract.__name__.lower().endswith(name.replace("_", ""))
    assert version.removeprefix("v").isdigit()
    entity = UUID(int=7)
    assert subject_of(contract.type, entity) == f"bp.{service}.{name}.{version}.{entity}"


PERSONAL = {"email", "address", "name", "display_name", "username", "ip", "answer", "phone", "bio"}
PUBLISHED_BY_A_SPACE = {"name", "space_name", "pass_name"}


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.type)
def test_no_contract_carries_personal_data(contract: type[Contract]) -> None:
    suspicious = set(contract.model_fields) & (PERSONAL - PUBLISHED_BY_A_SPACE)

    assert not suspicious


@pytest.mark.parametrize(("path", "text"), list(golden.documents()), ids=lambda v: str(v)[:60])
def test_generated_documents_are_up_to_date(path: Path, text: str) -> None:
    assert path.read_text() == text, "run ./bp golden"


def test_no_schema_outlives_its_contract() -> None:
    schemas = {path.stem for path in SCHEMAS.iterdir()}

    assert schemas == set(BY_TYPE), "run ./bp golden"


def test_a_false_line_in_a_docstring_is_found_and_corrected() -> None:
    lines = "Subscribes to: access\n    (PersonBanned).\nPublishes: nothing.\nNever: sings.\n"

    corrected = service_lines.updated("identity", f'"""Who.\n\n{lines}"""\n')

    published = sorted(c.__name__ for c in CONTRACTS if c.producer() == "identity")
    assert corrected.splitlines()[2:-1] == [
        "Subscribes to: nothing.",
        f"Publishes: {', '.join(published)}.",
        "Never: sings.",
    ]


def test_the_catalogue_has_no_runs_of_blanks() -> None:
    assert "  " not in PAGE.read_text()


def test_an_envelope_survives_the_headers() -> None:
    said = an_envelope()

    assert Envelope.from_headers(said.to_headers()) == said


@pytest.mark.parametrize("missing", ["ce-id", "ce-type", "ce-subject", "ce-time"])
def test_an_envelope_without_an_attribute_is_unreadable(missing: str) -> None:
    headers = an_envelope().to_headers()
    del headers[missing]

    with pytest.raises(UnreadableEnvelope):
        Envelope.from_headers(headers)


def an_envelope() -> Envelope:
    return Envelope.from_headers(golden.envelope())


def test_the_golden_envelope_is_written_as_it_was() -> None:
    assert an_envelope().to_headers() == golden.envelope()
