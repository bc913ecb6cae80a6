import inspect
from uuid import uuid4

from eventsourcing.domain import Aggregate, CanMutateAggregate

from libs.events.access import (
    BY_TEAM,
    BanLifted,
    GrantExpired,
    GrantIssued,
    GrantRevoked,
    PersonBanned,
)
from libs.events.contract import Contract
from services.access import domain
from services.access.domain import Ban, BanReason, RevocationCause, Source, Window
from services.access.publishing import to_contract
from services.access.tests.builders import HOUR, NOON, a_grant


def test_every_domain_event_is_declared_public_or_private() -> None:
    aggregates = [
        a for _, a in inspect.getmembers(domain, inspect.isclass) if issubclass(a, Aggregate)
    ]

    events = [
        member
        for aggregate in aggregates
        for _, member in inspect.getmembers(aggregate, inspect.isclass)
        if issubclass(member, CanMutateAggregate)
        and member.__qualname__.startswith(aggregate.__name__)
        and member.__name__ not in {"Event", "Created"}
    ]

    assert len(events) == 11
    assert [e for e in events if e not in to_contract.registry] == []


def test_the_life_of_a_grant_is_announced_with_all_that_others_need() -> None:
    grant = a_grant(valid_until=NOON + HOUR)
    grant.expire(2, NOON + HOUR)
    grant.withdraw(RevocationCause.REFUND, 3, NOON)
    grant.hold(Window(NOON, NOON + 2 * HOUR), 4, NOON)
    grant.hold(Window(NOON), 5, NOON)
    whose = {
        "grant_id": grant.id,
        "source_id": grant.source_id,
        "person_id": grant.person_id,
        "experience_id": grant.experience_id,
        "space_id": grant.space_id,
    }
    issued = {**whose, "reason": "purchase", "valid_from": NOON}

    announced = [to_contract(e) for e in grant.collect_events()]

    assert announced == [
        GrantIssued(**issued, source_version=1, valid_until=NOON + HOUR),
        GrantExpired(**whose, source_version=2),
        GrantRevoked(**whose, source_version=3, cause="refund"),
        GrantIssued(**issued, source_version=4, valid_until=NOON + 2 * HOUR),
        GrantIssued(**issued, source_version=5, valid_until=None),
    ]


def test_the_team_s_causes_are_announced_as_the_team_s() -> None:
    assert {cause.value for cause in domain.BY_TEAM} == BY_TEAM


def test_bans_are_announced_by_code_and_sources_not_at_all() -> None:
    ban = Ban(uuid4(), uuid4())
    ban.impose(BanReason.FRAUD, NOON)
    ban.lift(NOON)
    source = Source(uuid4())
    source.update(1, None, Window(NOON))
    source.mark_lost()

    announced: list[Contract | None] = [to_contract(e) for e in ban.collect_events()]

    who = {"space_id": ban.space_id, "person_id": ban.person_id}
    assert announced == [None, PersonBanned(**who, reason_code="fraud"), BanLifted(**who)]
    assert [to_contract(e) for e in source.collect_events()] == [None] * 3
