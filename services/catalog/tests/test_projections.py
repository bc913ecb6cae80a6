"""Rebuilt views equal the live ones."""

from typing import Any
from uuid import uuid4

from psycopg import sql

from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from services.catalog.__main__ import catalog_store
from services.catalog.application import Catalog
from services.catalog.domain import ExperienceKind, PassDraft, Role, SpaceDetails
from services.catalog.projections import VIEWS
from services.catalog.tests.builders import DETAILS, NOW, OWNER, STRANGER, some_terms
from services.catalog.tests.conftest import settings_for

OF_OTHERS = {"ban_list"}
"""Views of other services' events, rebuilt from their streams."""
TABLES = [table for view in VIEWS for table in view.tables if view.name not in OF_OTHERS]


def _tell_a_story(store: Store[Catalog]) -> None:
    catalog = store.application
    live, talk = uuid4(), uuid4()
    draft = PassDraft("Season", "", (live,), some_terms())
    dearer = PassDraft("Season", "", (live, talk), some_terms(price_minor=2990))
    for step in (
        lambda: catalog.open_profile(OWNER, "anna", "Anna", ""),
        lambda: catalog.follow_creator("anna", STRANGER),
        lambda: catalog.unfollow_creator("anna", STRANGER),
        lambda: catalog.follow_creator("anna", STRANGER),
        lambda: catalog.create_space(uuid4(), OWNER, "anna", DETAILS, "EUR"),
        lambda: catalog.add_experience("anna", OWNER, live, "live", "L", ExperienceKind.LIVE),
        lambda: catalog.add_experience("anna", OWNER, talk, "talk", "T", ExperienceKind.CHAT),
        lambda: catalog.change_space("anna", OWNER, SpaceDetails("Anna!", "", "UTC"), 3),
        lambda: catalog.publish_space("anna", OWNER),
        lambda: catalog.add_to_team("anna", OWNER, STRANGER, Role.ADMIN),
        lambda: catalog.draft_pass("anna", OWNER, uuid4(), "season", draft),
        lambda: catalog.publish_pass("anna", STRANGER, "season"),
        lambda: catalog.change_pass("anna", STRANGER, "season", dearer, 2),
        lambda: catalog.publish_pass("anna", STRANGER, "season"),
        lambda: catalog.draft_pass("anna", OWNER, uuid4(), "old", draft),
        lambda: catalog.publish_pass("anna", OWNER, "old"),
        lambda: catalog.archive_pass("anna", OWNER, "old"),
        lambda: catalog.remove_from_team("anna", OWNER, STRANGER),
    ):
        store.execute(Cause(uuid4()), lambda step=step: step() and None)


def _contents(store: Store[Catalog]) -> dict[str, list[Any]]:
    return {
        table: sorted(
            store.query(
                lambda curs, table=table: curs.execute(
                    sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))
                ).fetchall()
            ),
            key=str,
        )
        for table in TABLES
    }


def test_views_rebuilt_from_zero_equal_the_live_ones(store: Store[Catalog], database: str) -> None:
    _tell_a_story(store)
    live = _contents(store)
    store.query(lambda curs: curs.execute("DELETE FROM views"))

    again = catalog_store(settings_for(database), FixedClock(NOW))
    again.open()
    rebuilt = _contents(again)
    again.close()

    assert rebuilt == live
    assert all(live[table] for table in TABLES)


def test_the_list_of_passes_knows_the_version_that_an_editor_must_expect(
    store: Store[Catalog],
) -> None:
    _tell_a_story(store)

    rows = {row["slug"]: row for row in _contents(store)["pass_list"]}

    assert (rows["season"]["version"], rows["season"]["version_number"]) == (4, 2)
    assert rows["season"]["published"]["terms"]["price_minor"] == 2990
    assert (rows["old"]["status"], rows["old"]["has_changes"]) == ("archived", False)
