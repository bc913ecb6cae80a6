"""The tables of a service, brought up to date at its start."""

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from eventsourcing.persistence import Mapper
from psycopg import Cursor
from psycopg.rows import DictRow

from libs.runtime.store import log
from libs.runtime.store.cause import Cause
from libs.runtime.store.interventions import is_runtime_topic
from libs.runtime.views.view import HAS_SHAPE, View, about_own, shape_of

logger = logging.getLogger(__name__)

_MIGRATION_LOCK: Final = 7_001
_PAGE: Final = 500


def bring_up_to_date(
    curs: Cursor[DictRow],
    service: str,
    mapper: Mapper[Any],
    views: Sequence[View],
    migrations: Path | None,
) -> Sequence[View]:
    """Create the runtime's tables, run new migrations, and build changed views.

    Views are built from our own log. If we have handled events of other services, the changed views
    are returned instead: only the service can reach the streams.
    """
    curs.execute("SELECT pg_advisory_xact_lock(%s)", (_MIGRATION_LOCK,))
    _make_runtime_tables(curs)
    if migrations is not None:
        _migrate(curs, migrations)
    built = {row["name"]: row for row in curs.execute("SELECT * FROM views")}
    changed = [view for view in views if _is_outdated(view, built.get(view.name))]
    if changed and curs.execute("SELECT FROM inbox LIMIT 1").fetchone() is not None:
        return changed
    for view in changed:
        for table in view.tables:
            curs.execute(f"DROP TABLE IF EXISTS {table}")
        curs.execute(view.ddl)
        curs.execute(HAS_SHAPE, {"name": view.name, "shape": shape_of(view)})
    if changed:
        _replay_into(changed, curs, service, mapper)
    return ()


def _make_runtime_tables(curs: Cursor[DictRow]) -> None:
    """Run once per version: even without changes, the statements lock the log."""
    script = (Path(__file__).parent / "schema.sql").read_text()
    name = f"runtime {hashlib.sha256(script.encode()).hexdigest()}"
    there = curs.execute("SELECT to_regclass('migrations') AS name").fetchone()
    if there is not None and there["name"] is not None:
        known = curs.execute("SELECT FROM migrations WHERE name = %s", (name,)).fetchone()
        if known is not None:
            return
    curs.execute(script)
    curs.execute("INSERT INTO migrations (name) VALUES (%s)", (name,))


def _migrate(curs: Cursor[DictRow], migrations: Path) -> None:
    done = {row["name"] for row in curs.execute("SELECT name FROM migrations")}
    for file in sorted(migrations.glob("*.sql")):
        if file.name not in done:
            curs.execute(file.read_text())
            curs.execute("INSERT INTO migrations (name) VALUES (%s)", (file.name,))


def _is_outdated(view: View, built: DictRow | None) -> bool:
    """Return whether the tables have a shape from before this version of the view."""
    if built is None:
        return True
    ours, theirs, known = shape_of(view), built["shape"], built["known"]
    if ours in known and theirs in known and known.index(ours) < known.index(theirs):
        # Two versions run side by side, or this is a rollback: the operator knows which.
        logger.warning(
            "%s keeps the shape of a newer version; `backstage projections rebuild` restores ours",
            view.name,
        )
        return False
    return bool(theirs != ours)


def _replay_into(
    views: Sequence[View], curs: Cursor[DictRow], service: str, mapper: Mapper[Any]
) -> None:
    # Nobody writes meanwhile, so everything committed is visible. Stopping below the server's
    # oldest transaction, as followers do, would leave events out for good.
    curs.execute("LOCK TABLE events IN SHARE MODE")
    position = log.START
    while page := log.read_visible_after(curs, position, _PAGE):
        for logged in page:
            if is_runtime_topic(logged.stored.topic):
                continue
            event: Any = mapper.to_domain_event(logged.stored)
            cause = Cause(logged.command_id, logged.actor, logged.traceparent)
            about = about_own(service, event, cause)
            for view in views:
                view.apply(event, about, curs)
        position = page[-1].position
