import inspect
from uuid import uuid4

from eventsourcing.domain import Aggregate, CanMutateAggregate

from libs.events.access import BanLifted, GrantExpired, GrantIssued, GrantRevoked, PersonBanned
from libs.events.contract import Contract
from services.access import domain
from services.access.domain import Ban, BanReason, RevocationCause, Source
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


def test_the_life_of_a_grant_is_told_with_all_that_others_need() -> None:
    grant = a_grant(valid_until=NOON + HOUR)
    grant.expire(NOON + HOUR)
    revoked = a_grant()
    revoked.revoke(RevocationCause.ABUSE, NOON)
    whose = {
        "source_id": grant.source_id,
        "person_id": grant.person_id,
        "experience_id": grant.experience_id,
        "space_id": grant.space_id,
    }

    told = [to_contract(e) for e in (*grant.collect_events(), *revoked.collect_events())]

    assert told[0] == GrantIssued(
        grant_id=grant.id,
        **whose,
        reason="purchase",
        valid_from=NOON,
        valid_until=NOON + HOUR,
    )
    assert told[1] == GrantExpired(grant_id=grant.id, **whose)
    assert isinstance(told[3], GrantRevoked)
    assert told[3].cause == "abuse"


def test_bans_are_told_by_code_and_sources_not_at_all() -> None:
    ban = Ban(uuid4(), uuid4())
    ban.impose(BanReason.FRAUD, NOON)
    ban.lift(NOON)
    source = Source(uuid4(), [])

    told: list[Contract | None] = [to_contract(e) for e in ban.collect_events()]

    who = {"space_id": ban.space_id, "person_id": ban.person_id}
    assert told == [None, PersonBanned(**who, reason_code="fraud"), BanLifted(**who)]
    assert [to_contract(e) for e in source.collect_events()] == [None]
