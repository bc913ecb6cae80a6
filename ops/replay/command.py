"""`backstage events replay`: delivers stored public events to a consuming service again."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from psycopg import Connection
from psycopg.rows import DictRow

from libs.events.contract import Contract, subject_of
from libs.events.envelope import Envelope
from libs.runtime.messaging.handling import Handler
from libs.runtime.messaging.streams import Message
from libs.runtime.store import log
from libs.runtime.store.interventions import is_runtime_topic
from libs.runtime.store.log import LoggedEvent
from libs.runtime.store.store import Store
from ops import projections, stores
from ops.options import As, Data, folder_of
from ops.replay.compositions import COMPOSITIONS, compose, reactions_of, refusals_of
from ops.up.data_folder import DataFolder

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Selection:
    """Selects public events of the producer; times are those of recording (UTC)."""

    type_: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    entity: UUID | None = None

    def has(self, event: LoggedEvent, contract: Contract) -> bool:
        """Return whether this event is selected."""
        return (
            (self.type_ is None or self.type_ in contract.type)
            and (self.entity is None or event.stored.originator_id == self.entity)
            and (self.since is None or event.recorded_at >= _aware(self.since))
            and (self.until is None or event.recorded_at < _aware(self.until))
        )


@dataclass
class Replayed:
    """The result: selected events, those that were new to the service, and those that failed."""

    selected: int = 0
    new: int = 0
    failed: int = 0


def replay(
    producer: Annotated[str, typer.Option("--from", help="Whose events.")],
    consumer: Annotated[str, typer.Option("--to", help="The service that handles them.")],
    type_: Annotated[str | None, typer.Option("--type", help="Part of the type.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Recorded at or after (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(help="Recorded before (UTC).")] = None,
    entity: Annotated[UUID | None, typer.Option(help="Only those of this entity.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what was not handled yet.")
    ] = False,
    into_views: Annotated[
        bool, typer.Option("--into-views", help="Only compare the views with all events.")
    ] = False,
    as_: As = None,
    data: Data = None,
) -> None:
    """Let a service handle another's stored events that it has not handled, each at most once.

    Nothing is published, and no provider is called. What was handled before stays as it is.
    """
    stores.chosen(producer)
    if consumer not in COMPOSITIONS:
        raise typer.BadParameter(f"{consumer} hears nobody; {', '.join(COMPOSITIONS)} do.")
    folder = folder_of(data)
    if into_views:
        _compare_views(consumer, folder)
        return
    chosen = Selection(type_, since, until, entity)
    store = compose(consumer, stores.database_url(consumer, folder))
    try:
        with stores.reading(stores.database_url(producer, folder)) as conn:
            done = run(store, conn, producer, chosen, dry_run=dry_run)
    finally:
        store.close()
    verb = "would be handled" if dry_run else "were handled"
    typer.echo(
        f"{done.selected} events of {producer}: {done.new} {verb} by {consumer}, {done.failed}"
        f" failed, {done.selected - done.new - done.failed} it had handled before."
    )
    if not dry_run:
        _record(consumer, folder, as_, producer, done)
    if done.failed:
        raise typer.Exit(1)


def run(
    store: Store[Any],
    producer_log: Connection[DictRow],
    producer: str,
    chosen: Selection,
    *,
    dry_run: bool,
) -> Replayed:
    """Deliver the selected events to the reactions of the store's service, in log order."""
    subscriptions = {
        c: r for c, r in reactions_of(store.service).items() if c.producer() == producer
    }
    durable = f"{store.service}-{producer}"
    handler = Handler(store, durable, subscriptions, refusals_of(store.service))
    handler.begin()
    done = Replayed()
    for message in _messages(producer_log, producer, chosen, set(subscriptions)):
        done.selected += 1
        if _known(store, message, durable):
            continue
        if dry_run:
            typer.echo(f"{message.headers['ce-type']}  {message.headers['ce-id']}")
            done.new += 1
        elif _handled(handler, message):
            done.new += 1
        else:
            done.failed += 1
    return done


def _handled(handler: Handler, message: Message) -> bool:
    try:
        handler.handle(message)
    except Exception as fault:  # noqa: BLE001 - it is reported, and the others continue
        typer.echo(f"{message.headers['ce-id']} failed: {fault!r}", err=True)
        return False
    return True


def _known(store: Store[Any], message: Message, durable: str) -> bool:
    """Return whether it was handled, or waits for an operator."""
    event_id = message.headers["ce-id"]

    def look(curs: Any) -> bool:
        row = curs.execute(
            "SELECT EXISTS (SELECT FROM inbox WHERE event_id = %s::uuid) OR EXISTS"
            " (SELECT FROM dead_letters WHERE durable = %s AND message_key = %s) AS known",
            (event_id, durable, event_id),
        ).fetchone()
        return bool(row["known"])

    return store.query(look)


def _messages(
    conn: Connection[DictRow], producer: str, chosen: Selection, heard: set[type[Contract]]
) -> Iterator[Message]:
    """Return the producer's announcements as its relay would send them."""
    to_contract, mapper = stores.announces(producer), stores.event_mapper()
    with conn.cursor() as curs:
        epoch, position = log.epoch(curs), log.START
        while page := log.read_after(curs, position, _PAGE).events:
            for event in page:
                if is_runtime_topic(event.stored.topic):
                    continue
                domain_event: Any = mapper.to_domain_event(event.stored)
                contract = to_contract(domain_event)
                if contract is None or type(contract) not in heard:
                    continue
                if chosen.has(event, contract):
                    at = domain_event.timestamp
                    about = log.envelope_of(producer, event, at, contract.type, epoch)
                    yield _message(about, contract)
            position = page[-1].position


def _message(about: Envelope, contract: Contract) -> Message:
    subject = subject_of(contract.type, about.entity_id)
    return Message(0, subject, about.to_headers(), contract.model_dump_json().encode())


def _compare_views(consumer: str, folder: DataFolder) -> None:
    views = stores.views_of(consumer)
    outcome = asyncio.run(projections.run(consumer, views, folder, dry_run=True))
    projections.report(consumer, views, outcome, as_json=False, dry_run=True)
    if not outcome.same:
        raise typer.Exit(1)


def _record(
    consumer: str, folder: DataFolder, as_: str | None, producer: str, done: Replayed
) -> None:
    with stores.operating(consumer, folder, as_) as operator:
        operator.intervene(
            "events.replay",
            f"{consumer}-{producer}",
            "",
            lambda: {"selected": done.selected, "new": done.new, "failed": done.failed},
        )


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)
