"""What happens to one message of another service: handled, refused, or a dead letter."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import ValidationError

from libs.events.contract import Contract
from libs.events.envelope import Envelope, UnreadableEnvelope
from libs.runtime.failpoints import failpoint
from libs.runtime.messaging import dead_letters
from libs.runtime.messaging.dead_letters import DeadLetter, Unhandled, entity_key_of
from libs.runtime.messaging.streams import Message
from libs.runtime.store import log
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store, StoreUnavailable
from libs.runtime.telemetry import continued_span, current_traceparent
from libs.runtime.views.view import View

logger = logging.getLogger(__name__)

Reaction: TypeAlias = Callable[[Any, Envelope, Any], None]


def only_views(event: Contract, about: Envelope, application: object) -> None:
    """Reaction to an event that only views use."""


def with_views(
    reactions: Mapping[type[Contract], Reaction], views: Iterable[View]
) -> dict[type[Contract], Reaction]:
    """Return all subscriptions of a service: those of its reactions and those of its views."""
    shown = {contract: only_views for view in views for contract in view.subscriptions}
    return {**shown, **reactions}


class Unreadable(Exception):
    """The message does not match its contract, so a retry would not help."""


class Handler:
    """Lets a service's reactions handle one producer's events, each event once."""

    def __init__(
        self,
        store: Store[Any],
        durable: str,
        subscriptions: Mapping[type[Contract], Reaction],
        refusals: Iterable[type[Exception]] = (),
    ) -> None:
        self.durable = durable
        self.refused = 0
        self.epoch = 0
        self._store = store
        self._subscriptions = {
            contract.type: (contract, reaction) for contract, reaction in subscriptions.items()
        }
        self._refusals = tuple(refusals)
        # Entities that may have dead letters; the database has the last word.
        self._perhaps_dead_lettered: set[str] = set()

    def begin(self) -> None:
        """Load which entities have dead letters, and since which epoch messages are handled."""
        self._perhaps_dead_lettered = self._store.query(
            lambda curs: dead_letters.entities_with_dead_letters(curs, self.durable)
        )
        self.epoch = self._store.query(lambda curs: log.epoch_of_producer(curs, self.durable))

    def unknown_of(self, event_ids: Sequence[UUID]) -> list[UUID]:
        """Return the events that were neither handled, refused, stored as dead letters nor skipped
        here."""
        return self._store.query(
            lambda curs: dead_letters.unknown_of(curs, self.durable, event_ids)
        )

    def handle(self, message: Message) -> None:
        """Handle a message, or store it behind an earlier dead letter of its entity.

        Raises Unreadable, and faults of the reaction.
        """
        entity = entity_key_of(message.subject)
        if entity in self._perhaps_dead_lettered:
            if self._dead_letter_behind(message):
                return
            self._perhaps_dead_lettered.discard(entity)
        self._carry_out(message)

    def set_aside(self, message: Message, error: str) -> None:
        """Store a message as a dead letter for an operator."""
        unhandled = self._unhandled(message, error)
        self._store.query(lambda curs: dead_letters.add(curs, unhandled))
        self._perhaps_dead_lettered.add(entity_key_of(message.subject))

    def retry_dead_letters(self) -> int:
        """Retry what an operator asked for; returns how many messages that freed.

        Each entity starts with its oldest message and continues until one fails.
        """
        entities = self._store.query(
            lambda curs: dead_letters.entities_to_retry(curs, self.durable)
        )
        return sum(self._retry_entity(entity) for entity in entities)

    def _retry_entity(self, entity: str) -> int:
        freed = 0
        while row := self._store.query(lambda c: dead_letters.oldest_of(c, self.durable, entity)):
            if not self._retried(row):
                break
            freed += 1
        return freed

    def _retried(self, row: DeadLetter) -> bool:
        try:
            self._carry_out(row.message, row)
        except StoreUnavailable:
            raise
        except Exception as fault:  # noqa: BLE001 - the operator reads it, whatever it is
            error = repr(fault)
            logger.warning("%s still cannot handle %s: %s", self.durable, row.key, error)
            self._store.query(
                lambda curs: dead_letters.note_failure(curs, row.dead_letter_id, error)
            )
            return False
        return True

    def _dead_letter_behind(self, message: Message) -> bool:
        unhandled = self._unhandled(message, "an earlier message of this entity is a dead letter")
        cause = Cause(uuid5(NAMESPACE_URL, f"dead letter {self.durable} {unhandled.key}"))

        def decide() -> bool:
            return dead_letters.add_behind(self._store.cursor(), unhandled)

        return self._store.work(cause, decide)

    def _carry_out(self, message: Message, dead_letter: DeadLetter | None = None) -> None:
        about, contract, reaction = self._read(message)
        with continued_span(f"{self.durable} {about.type}", about.traceparent):
            try:
                self._react(about, dead_letter, lambda: self._apply(reaction, contract, about))
            except self._refusals as refusal:
                self.refused += 1
                logger.info("%s refused %s: %r", self.durable, about.type, refusal)
                # The views still apply it, and the inbox remembers that it was answered.
                self._react(about, dead_letter, lambda: self._store.project(contract, about))

    def _react(
        self, about: Envelope, dead_letter: DeadLetter | None, decide: Callable[[], None]
    ) -> None:
        if dead_letter is None:
            self._store.react(about, self.durable, decide)
            return
        row = dead_letter

        def free_and_react() -> None:
            dead_letters.free(self._store.cursor(), row)
            self._store.react(about, self.durable, decide)

        trace = current_traceparent() or about.traceparent
        self._store.work(Cause(about.id, about.actor, trace), free_and_react)

    def _apply(self, reaction: Reaction, contract: Contract, about: Envelope) -> None:
        self._store.project(contract, about)
        reaction(contract, about, self._store.application)
        failpoint("consumer.before_commit")

    def _read(self, message: Message) -> tuple[Envelope, Contract, Reaction]:
        try:
            about = Envelope.from_headers(message.headers)
            contract, reaction = self._subscriptions[about.type]
            return about, contract.model_validate_json(message.body), reaction
        except (UnreadableEnvelope, ValidationError, KeyError) as problem:
            raise Unreadable(repr(problem)) from problem

    def _unhandled(self, message: Message, error: str) -> Unhandled:
        headers = dict(message.headers)
        key = headers.get("ce-id") or headers.get("Nats-Msg-Id") or str(message.sequence)
        return Unhandled(self.durable, key, message.subject, headers, message.body, error)
