"""What is stored out there is read for ever: by the aggregates, the announcements and the views."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from eventsourcing.domain import Aggregate
from psycopg.rows import dict_row

from libs.runtime.store.cause import Cause
from libs.runtime.views.view import about_own
from ops.stores import SERVICES, announces, views_of
from tests.contract import golden_log

STORED = set(json.loads(Path("tests/contract/stored_topics.json").read_text()))
OF_THE_LIBRARY = {"originator_id", "originator_version", "timestamp", "originator_topic"}


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> str:
    announces(request.param)  # registers its events under their stored names
    return str(request.param)


def events_of(service: str) -> list[Any]:
    return [
        event for stream in golden_log.read(service) for event in golden_log.domain_events(stream)
    ]


def test_every_stored_name_has_its_golden_event() -> None:
    streams = [stream for service in SERVICES for stream in golden_log.read(service)]

    missing = STORED - golden_log.topics_of(streams)
    assert not missing, f"python -m tests.contract.golden_log SERVICE: {sorted(missing)}"


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


@pytest.mark.parametrize("damage", ["removed", "renamed"])
def test_removed_field_is_found(damage: str) -> None:
    announces("access")
    event = next(e for e in events_of("access") if "person_id" in vars(e))
    value = vars(event).pop("person_id")
    if damage == "renamed":
        vars(event)["who"] = value

    assert "person_id" in out_of_step(event)
