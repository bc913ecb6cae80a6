"""What is stored out there is read for ever: by the aggregates, the announcements and the views."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from eventsourcing.domain import Aggregate
from psycopg.rows import dict_row

from libs.events.contract import Contract
from libs.events.envelope import Envelope
from libs.runtime.store.cause import Cause
from libs.runtime.views.view import View, about_own
from ops.stores import SERVICES, announces, views_of
from tests.contract import golden, golden_log
from tests.contract.golden_log import recording
from tests.contract.private_events import stored_names

OF_THE_LIBRARY = {"originator_id", "originator_version", "timestamp", "originator_topic"}


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> str:
    announces(request.param)  # registers its events under their stored names
    return str(request.param)


def events_of(service: str) -> list[Any]:
    return [
        event for stream in golden_log.read(service) for event in golden_log.domain_events(stream)
    ]


def test_the_golden_log_shows_every_stored_name_and_every_published_contract(service: str) -> None:
    missing = recording.missing(service)

    assert not missing, f"run ./bp golden: {sorted(missing)}"


def test_a_stored_name_never_disappears(service: str) -> None:
    gone = golden_log.topics_of(golden_log.read(service)) - stored_names(service)

    assert not gone, f"no class reads these any more: {sorted(gone)}"


def out_of_step(event: Any) -> set[str]:
    """Fields that the class declares and the event has not, or the other way round."""
    declared = {
        field
        for class_ in type(event).__mro__
        if class_.__module__.startswith("services.")
        for field in class_.__annotations__
        if not field.isupper()
    }
    return declared ^ (set(vars(event)) - OF_THE_LIBRARY)


def test_a_golden_event_has_the_fields_that_its_class_declares(service: str) -> None:
    wrong = {type(event).__qualname__: out_of_step(event) for event in events_of(service)}

    assert not {name: fields for name, fields in wrong.items() if fields}


def test_golden_streams_make_aggregates(service: str) -> None:
    for stream in golden_log.read(service):
        aggregate = golden_log.aggregate_of(stream)

        assert isinstance(aggregate, Aggregate)
        assert (aggregate.id, aggregate.version) == (stream[0].originator_id, len(stream))


def test_golden_events_are_announced_or_kept_private(service: str) -> None:
    announce = announces(service)

    for event in events_of(service):
        contract = announce(event)

        assert contract is None or contract.model_validate_json(contract.model_dump_json())


def test_golden_events_are_shown_by_the_views(service: str, database: str) -> None:
    views, shown = views_of(service), 0
    with psycopg.connect(database, row_factory=dict_row, autocommit=True) as conn:
        for stream in golden_log.read(service):
            # Each comes from a world of its own, in which others may have the same names.
            with conn.transaction(force_rollback=True), conn.cursor() as curs:
                for view in views:
                    curs.execute(view.ddl)
                for event in golden_log.domain_events(stream):
                    about = about_own(service, event, Cause(uuid4()))
                    for view in views:
                        view.apply(event, about, curs)
                for table in (table for view in views for table in view.tables):
                    shown += len(curs.execute(f"SELECT 1 FROM {table}").fetchall())  # noqa: S608

    assert shown > 0 or not views


@pytest.mark.parametrize(
    ("service", "view"),
    [(service, view) for service in SERVICES for view in views_of(service) if view.subscriptions],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_view_shows_the_golden_sample_of_each_contract_that_it_subscribes_to(
    service: str, view: View, database: str
) -> None:
    shown = {}
    with psycopg.connect(database, row_factory=dict_row, autocommit=True) as conn:
        for contract in view.subscriptions:
            sample = contract.model_validate(golden.read(contract))
            with conn.transaction(force_rollback=True), conn.cursor() as curs:
                curs.execute(view.ddl)
                view.apply(sample, about(contract), curs)
                rows = (curs.execute(f"TABLE {table}").fetchall() for table in view.tables)
                shown[contract.type] = sum(map(len, rows))

    assert all(shown.values()), shown


def about(contract: type[Contract]) -> Envelope:
    headers = golden.envelope()
    return replace(Envelope.from_headers(headers), type=contract.type, source=contract.producer())


@pytest.mark.parametrize("damage", ["removed", "renamed"])
def test_removed_field_is_found(damage: str) -> None:
    announces("access")
    event = next(e for e in events_of("access") if "person_id" in vars(e))
    value = vars(event).pop("person_id")
    if damage == "renamed":
        vars(event)["who"] = value

    assert "person_id" in out_of_step(event)


def test_a_name_and_a_contract_without_a_stream_are_found() -> None:
    streams = [s for s in golden_log.read("access") if "access.grant.expired" not in topics(s)]

    missing = recording.wanted("access") - recording.shown("access", streams)

    assert missing == {"access.grant.expired", "access.grant_expired.v1"}


def topics(stream: golden_log.Stream) -> set[str]:
    return golden_log.topics_of([stream])
