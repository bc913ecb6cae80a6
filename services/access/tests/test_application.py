from uuid import uuid4

import pytest

from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.scheduling.schedule import MemorySchedule
from services.access.application import EXPIRE_GRANT, GrantNotFound
from services.access.domain import (
    AlreadyBanned,
    BanReason,
    Grant,
    GrantNotActive,
    GrantReason,
    NotBanned,
    RevocationCause,
    WindowNotOpen,
)
from services.access.tests.builders import HOUR, NOON, an_access, an_entitlement


def test_grants_of_one_source_are_issued_once_for_each_experience() -> None:
    access = an_access()
    entitled = an_entitlement(uuid4(), uuid4())

    first = access.issue_grants(entitled)
    again = access.issue_grants(entitled)

    assert first == again
    assert len(first) == 2
    assert access.recorder.max_notification_id() == 3  # the source and its two grants


def test_an_experience_named_twice_is_granted_once() -> None:
    access = an_access()
    experience = uuid4()

    grant_ids = access.issue_grants(an_entitlement(experience, experience))

    assert len(set(grant_ids)) == 1
    assert access.repository.get(grant_ids[0]).is_active


def test_more_experiences_on_a_known_source_get_their_grants_too() -> None:
    access = an_access()
    entitled = an_entitlement(uuid4())
    access.issue_grants(entitled)
    more = an_entitlement(*entitled.experience_ids, uuid4(), source_id=entitled.source_id)

    grant_ids = access.issue_grants(more)

    assert all(access.repository.get(grant_id).is_active for grant_id in grant_ids)
    access.withdraw_source(entitled.source_id, RevocationCause.REFUND)
    assert not any(access.repository.get(grant_id).is_active for grant_id in grant_ids)


def test_a_grant_with_an_end_is_put_on_the_schedule_and_expires_once() -> None:
    clock, schedule = FixedClock(NOON), MemorySchedule()
    access = an_access(clock, schedule)

    (grant_id,) = access.issue_grants(an_entitlement(valid_until=NOON + HOUR))
    (entry,) = schedule.entries
    clock.advance(HOUR)
    access.expire_grant(grant_id)
    access.expire_grant(grant_id)

    assert (entry.kind, entry.key, entry.due_at) == (EXPIRE_GRANT, str(grant_id), NOON + HOUR)
    assert [type(e) for e in access.events.get(grant_id)] == [Grant.Issued, Grant.Expired]


def test_a_revoked_grant_is_taken_off_the_schedule() -> None:
    schedule = MemorySchedule()
    access = an_access(schedule=schedule)
    (grant_id,) = access.issue_grants(an_entitlement(valid_until=NOON + HOUR))

    access.revoke_grant(grant_id, RevocationCause.CREATOR)

    assert schedule.entries == []
    with pytest.raises(GrantNotActive):
        access.revoke_grant(grant_id, RevocationCause.CREATOR)


def test_an_unknown_grant_cannot_be_revoked() -> None:
    with pytest.raises(GrantNotFound):
        an_access().revoke_grant(uuid4(), RevocationCause.CREATOR)


def test_a_withdrawn_source_leaves_grants_alone_that_the_team_revoked_before() -> None:
    access = an_access()
    entitled = an_entitlement(uuid4(), uuid4())
    one, other = access.issue_grants(entitled)
    access.revoke_grant(one, RevocationCause.ABUSE)

    access.withdraw_source(entitled.source_id, RevocationCause.REFUND)

    causes = [access.events.get(g) for g in (one, other)]
    assert [[e.cause for e in events if isinstance(e, Grant.Revoked)] for events in causes] == [
        ["abuse"],
        ["refund"],
    ]


def test_a_withdrawal_that_comes_before_its_grants_revokes_them_as_they_come() -> None:
    schedule = MemorySchedule()
    access = an_access(schedule=schedule)
    entitled = an_entitlement(uuid4(), uuid4(), valid_until=NOON + HOUR)

    access.withdraw_source(entitled.source_id, RevocationCause.REFUND)
    grant_ids = access.issue_grants(entitled)

    assert not any(access.repository.get(grant_id).is_active for grant_id in grant_ids)
    assert schedule.entries == []


def test_a_comp_that_ends_before_it_begins_is_refused() -> None:
    access = an_access()

    with pytest.raises(WindowNotOpen):
        access.give_comp(an_entitlement(reason=GrantReason.COMP, valid_until=NOON))

    assert access.recorder.max_notification_id() is None


def test_a_ban_is_told_once_and_lifted_once() -> None:
    access = an_access()
    space_id, person_id = uuid4(), uuid4()

    access.ban_person(space_id, person_id, BanReason.SPAM)
    with pytest.raises(AlreadyBanned):
        access.ban_person(space_id, person_id, BanReason.SPAM)
    access.lift_ban(space_id, person_id)

    with pytest.raises(NotBanned):
        access.lift_ban(space_id, person_id)


def test_a_ban_that_never_was_cannot_be_lifted() -> None:
    with pytest.raises(NotBanned):
        an_access().lift_ban(uuid4(), uuid4())
