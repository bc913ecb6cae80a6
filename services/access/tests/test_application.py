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
    Window,
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
    assert (
        access.recorder.max_notification_id() == 4
    )  # two events of the source, and its two grants


def test_an_experience_named_twice_is_granted_once() -> None:
    access = an_access()
    experience = uuid4()

    grant_ids = access.issue_grants(an_entitlement(experience, experience))

    assert len(grant_ids) == 1
    assert access.repository.get(grant_ids[0]).is_active


def test_more_experiences_on_a_known_source_get_their_grants_too() -> None:
    access = an_access()
    entitled = an_entitlement(uuid4())
    access.issue_grants(entitled)
    more = an_entitlement(*entitled.experience_ids, uuid4(), source_id=entitled.source_id)

    grant_ids = access.issue_grants(more)

    assert all(access.repository.get(grant_id).is_active for grant_id in grant_ids)
    access.follow_membership(entitled.source_id, 2, RevocationCause.REFUND)
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


def test_a_moved_window_moves_its_timer_and_the_old_timer_changes_nothing() -> None:
    clock, schedule = FixedClock(NOON), MemorySchedule()
    access = an_access(clock, schedule)
    entitled = an_entitlement(valid_until=NOON + HOUR, source_version=1)
    (grant_id,) = access.issue_grants(entitled)

    access.follow_membership(entitled.source_id, 2, window=Window(NOON, NOON + 2 * HOUR))
    clock.advance(HOUR)
    access.expire_grant(grant_id)

    assert [entry.due_at for entry in schedule.entries] == [NOON + 2 * HOUR]
    assert access.repository.get(grant_id).is_active
    access.follow_membership(entitled.source_id, 3, window=Window(NOON))
    assert schedule.entries == []


def test_an_unknown_grant_cannot_be_revoked() -> None:
    with pytest.raises(GrantNotFound):
        an_access().revoke_grant(uuid4(), RevocationCause.CREATOR)


def test_a_refund_leaves_grants_alone_that_the_team_revoked_before() -> None:
    access = an_access()
    entitled = an_entitlement(uuid4(), uuid4())
    one, other = access.issue_grants(entitled)
    access.revoke_grant(one, RevocationCause.ABUSE)

    access.follow_membership(entitled.source_id, 2, RevocationCause.REFUND)

    causes = [access.events.get(g) for g in (one, other)]
    assert [[e.cause for e in events if isinstance(e, Grant.Revoked)] for events in causes] == [
        ["abuse"],
        ["refund"],
    ]


def test_an_end_heard_before_the_purchase_revokes_its_grants_as_they_are_issued() -> None:
    schedule = MemorySchedule()
    access = an_access(schedule=schedule)
    entitled = an_entitlement(uuid4(), uuid4(), valid_until=NOON + HOUR)

    access.follow_membership(entitled.source_id, 2, RevocationCause.REFUND)
    grant_ids = access.issue_grants(entitled)

    assert not any(access.repository.get(grant_id).is_active for grant_id in grant_ids)
    assert schedule.entries == []


def test_a_comp_that_ends_before_it_begins_is_refused() -> None:
    access = an_access()

    with pytest.raises(WindowNotOpen):
        access.give_comp(an_entitlement(reason=GrantReason.COMP, valid_until=NOON))

    assert access.recorder.max_notification_id() is None


def test_a_person_is_banned_once_and_the_ban_lifted_once() -> None:
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
