"""Views: tables that are written in the transaction of the events they show."""

import hashlib
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from eventsourcing.utils import get_topic
from psycopg import Cursor
from psycopg.rows import DictRow

from libs.events.contract import Contract
from libs.events.envelope import Envelope, event_id_of
from libs.runtime.store.cause import Cause

# A view now has this shape, whether it is new or had it before.
HAS_SHAPE: Final = """
    INSERT INTO public.views (name, shape, known) VALUES (%(name)s, %(shape)s, ARRAY[%(shape)s])
    ON CONFLICT (name) DO UPDATE SET shape = excluded.shape,
        known = CASE WHEN excluded.shape = ANY(views.known) THEN views.known
                     ELSE views.known || excluded.known END
"""

Row = Mapping[str, Any]
ViewCursor = Cursor[DictRow]


class View:
    """One or several tables, and how each event changes them.

    A view depends only on events: it calls no provider and reads no clock and no table but its own.
    It can therefore be rebuilt at any time. `ddl` creates the tables; `subscriptions` are the only
    contracts of other services that it gets.
    """

    name: str
    tables: tuple[str, ...]
    ddl: str
    subscriptions: ClassVar[tuple[type[Contract], ...]] = ()

    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        """Apply one event: our own private one, or another service's contract."""
        raise NotImplementedError


def about_own(service: str, event: Any, cause: Cause) -> Envelope:
    """Return the envelope of the service's own event, the same live and rebuilt."""
    return Envelope(
        id=event_id_of(event.originator_id, event.originator_version),
        type=get_topic(type(event)),
        source=service,
        entity_id=event.originator_id,
        entity_version=event.originator_version,
        occurred_at=event.timestamp,
        recorded_at=event.timestamp,
        position="",
        actor=cause.actor,
        traceparent=cause.traceparent,
    )


def shape_of(view: View) -> str:
    """Return a digest of a view's table definition."""
    return hashlib.sha256(view.ddl.encode()).hexdigest()
