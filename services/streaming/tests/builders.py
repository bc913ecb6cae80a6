"""Builders for the tests of the streaming service."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from libs.events.access import (
    BanLifted,
    GrantExpired,
    GrantIssued,
    GrantReason,
    GrantRevoked,
    PersonBanned,
)
from libs.events.catalog import (
    ExperienceAdded,
    ExperienceKind,
    SpaceCreated,
    TeamMemberAdded,
    TeamMemberRemoved,
)
from libs.events.envelope import Envelope, event_id_of
from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.scheduling.schedule import Entry, MemorySchedule
from services.streaming.application import Streaming
from services.streaming.domain import Stream
from services.streaming.tests.fakes import InboxInMemory, StageInMemory

NOW = datetime(2026, 11, 23, 20, tzinfo=UTC)


class Studio:
    """A streaming service in memory, and the work that it scheduled."""

    def __init__(self) -> None:
        self.clock = FixedClock(NOW)
        self.schedule = MemorySchedule()
        self.stage = StageInMemory()
        self.inbox = InboxInMemory()
        self.streaming = Streaming(
            clock=self.clock, schedule=self.schedule, stage=self.stage, inbox=self.inbox
        )

    def stream(self, stream_id: UUID) -> Stream:
        found: Stream = self.streaming.repository.get(stream_id)
        return found

    def asked_for(self, kind: str) -> list[Entry]:
        return [entry for entry in self.schedule.entries if entry.kind == kind]

    def a_live_stream(self, experience_id: UUID | None = None) -> UUID:
        stream_id = uuid4()
        self.streaming.go_live(stream_id, experience_id or uuid4(), uuid4(), uuid4())
        self.streaming.confirm_room(stream_id)
        self.streaming.confirm_live(stream_id)
        return stream_id


def about(entity_id: UUID | None = None, version: int = 1, type_: str = "") -> Envelope:
    entity = entity_id or uuid4()
    return Envelope(
        id=event_id_of(entity, version),
        type=type_,
        source=type_.partition(".")[0],
        entity_id=entity,
        entity_version=version,
        occurred_at=NOW,
        recorded_at=NOW,
        position=f"1.1-{version}",
        actor="system",
    )


def space_created(space_id: UUID, owner_id: UUID) -> SpaceCreated:
    return SpaceCreated(
        space_id=space_id,
        owner_id=owner_id,
        slug="club",
        name="Club",
        currency="EUR",
        time_zone="UTC",
    )


def member_added(space_id: UUID, person_id: UUID) -> TeamMemberAdded:
    return TeamMemberAdded(space_id=space_id, person_id=person_id, role="admin")


def member_removed(space_id: UUID, person_id: UUID) -> TeamMemberRemoved:
    return TeamMemberRemoved(space_id=space_id, person_id=person_id)


def person_banned(space_id: UUID, person_id: UUID) -> PersonBanned:
    return PersonBanned(space_id=space_id, person_id=person_id, reason_code="spam")


def ban_lifted(space_id: UUID, person_id: UUID) -> BanLifted:
    return BanLifted(space_id=space_id, person_id=person_id)


def experience_added(
    experience_id: UUID, space_id: UUID, kind: ExperienceKind = ExperienceKind.LIVE
) -> ExperienceAdded:
    return ExperienceAdded(
        experience_id=experience_id, space_id=space_id, slug="show", name="Show", kind=kind
    )


def grant_issued(
    grant_id: UUID,
    person_id: UUID,
    experience_id: UUID,
    *,
    valid_from: datetime = NOW - timedelta(days=30),
    valid_until: datetime | None = None,
) -> GrantIssued:
    return GrantIssued(
        grant_id=grant_id,
        source_id=grant_id,
        source_version=1,
        person_id=person_id,
        experience_id=experience_id,
        space_id=uuid4(),
        reason=GrantReason.PURCHASE,
        valid_from=valid_from,
        valid_until=valid_until,
    )


def grant_revoked(grant_id: UUID, person_id: UUID, experience_id: UUID) -> GrantRevoked:
    return GrantRevoked(
        grant_id=grant_id,
        source_id=grant_id,
        source_version=1,
        person_id=person_id,
        experience_id=experience_id,
        space_id=uuid4(),
        cause="creator",
    )


def grant_expired(grant_id: UUID, person_id: UUID, experience_id: UUID) -> GrantExpired:
    return GrantExpired(
        grant_id=grant_id,
        source_id=grant_id,
        source_version=1,
        person_id=person_id,
        experience_id=experience_id,
        space_id=uuid4(),
    )
