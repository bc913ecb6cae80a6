"""A ban announced by access keeps a person out of the team, on a real database."""

from collections.abc import Callable
from itertools import permutations
from uuid import UUID

import pytest

from libs.events.access import BanLifted, PersonBanned
from libs.events.contract import Contract
from libs.events.envelope import Envelope, event_id_of
from libs.runtime.messaging.handling import with_views
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from services.catalog.application import Catalog
from services.catalog.domain import Role
from services.catalog.domain.refusals import Banned, OwnerStays
from services.catalog.projections import VIEWS
from services.catalog.reactions import SUBSCRIPTIONS
from services.catalog.tests.builders import DETAILS, NOW, OWNER, STRANGER

SPACE, BAN = UUID(int=11), UUID(int=12)
Hear = Callable[..., None]
Do = Callable[[Callable[[Catalog], object]], None]


def about(contract: Contract, version: int) -> Envelope:
    return Envelope(
        id=event_id_of(BAN, version),
        type=contract.type,
        source="access",
        entity_id=BAN,
        entity_version=version,
        occurred_at=NOW,
        recorded_at=NOW,
        position=f"1.{version}-{version}",
        actor="someone",
    )


def banned(person_id: UUID = STRANGER) -> PersonBanned:
    return PersonBanned(space_id=SPACE, person_id=person_id, reason_code="spam")


def lifted() -> BanLifted:
    return BanLifted(space_id=SPACE, person_id=STRANGER)


@pytest.fixture
def do(store: Store[Catalog]) -> Do:
    def do(decide: Callable[[Catalog], object]) -> None:
        store.execute(Cause(UUID(int=100)), lambda: decide(store.application) and None)

    return do


@pytest.fixture
def hear(store: Store[Catalog]) -> Hear:
    def hear(contract: Contract, version: int) -> None:
        told = about(contract, version)

        def react() -> None:
            store.project(contract, told)
            with_views(SUBSCRIPTIONS, VIEWS)[type(contract)](contract, told, store.application)

        store.react(told, "catalog-access", react)

    return hear


@pytest.fixture(autouse=True)
def space(store: Store[Catalog]) -> None:
    catalog = store.application
    store.execute(
        Cause(UUID(int=99)),
        lambda: catalog.create_space(SPACE, OWNER, "anna", DETAILS, "EUR") and None,
    )


def team(store: Store[Catalog]) -> set[str]:
    rows = store.query(lambda curs: curs.execute("SELECT person_id FROM team_list").fetchall())
    return {str(row["person_id"]) for row in rows}


def test_a_person_banned_while_they_join_the_team_leaves_it_again(
    store: Store[Catalog], do: Do, hear: Hear
) -> None:
    do(lambda catalog: catalog.add_to_team("anna", OWNER, STRANGER, Role.ADMIN))
    before = team(store)

    hear(banned(), 2)
    hear(banned(), 2)

    assert before == {str(OWNER), str(STRANGER)}
    assert team(store) == {str(OWNER)}


def test_a_banned_person_joins_the_team_only_once_the_ban_is_lifted(
    store: Store[Catalog], do: Do, hear: Hear
) -> None:
    def add(catalog: Catalog) -> object:
        return catalog.add_to_team("anna", OWNER, STRANGER, Role.ADMIN)

    hear(banned(), 2)
    with pytest.raises(Banned):
        do(add)
    hear(lifted(), 3)
    do(add)

    assert team(store) == {str(OWNER), str(STRANGER)}


def test_late_ban_after_its_lifting_removes_nobody_from_the_team(
    store: Store[Catalog], do: Do, hear: Hear
) -> None:
    do(lambda catalog: catalog.add_to_team("anna", OWNER, STRANGER, Role.ADMIN))

    hear(lifted(), 3)
    hear(banned(), 2)

    assert team(store) == {str(OWNER), str(STRANGER)}


def test_owner_of_a_space_stays_whatever_arrives(store: Store[Catalog], hear: Hear) -> None:
    with pytest.raises(OwnerStays):
        hear(banned(OWNER), 2)

    assert team(store) == {str(OWNER)}


def test_ban_list_is_the_same_in_any_order_of_events(store: Store[Catalog], hear: Hear) -> None:
    told = [(banned(), 2), (lifted(), 3), (banned(), 4)]
    seen = []

    for order in permutations(told):
        store.query(lambda curs: curs.execute("DELETE FROM ban_list") and None)
        store.query(lambda curs: curs.execute("DELETE FROM inbox") and None)
        for contract, version in order:
            hear(contract, version)
        seen.append(store.query(lambda curs: curs.execute("SELECT * FROM ban_list").fetchall()))

    assert all(rows == seen[0] for rows in seen)
    assert [(row["banned"], row["version"]) for row in seen[0]] == [(True, 4)]
