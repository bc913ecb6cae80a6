"""The expected effects of one purchase, and the findings about its actual ones.

The ids of grants and notices follow from their causes: all of them are known beforehand.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from libs.events.checkout import EndCause, PassPurchased
from ops.verify.finding import Finding
from services.access.domain import Grant
from services.notifications.application import SEND_MAIL
from services.notifications.domain import Channel, Kind, Notice

OPENED: Final = (Grant.Issued.TOPIC, Grant.Reinstated.TOPIC)
CLOSED: Final = frozenset({Grant.Revoked.TOPIC, Grant.Expired.TOPIC})
_DELIVERED: Final = Notice.Delivered.TOPIC
_OVER: Final = {EndCause.REFUNDED: "refunded in full", EndCause.REMOVED: "removed by the team"}
# The mail server, or the person's preference, has the last word.
_UNSAID: Final = frozenset({Notice.Dropped.TOPIC, Notice.Failed.TOPIC})

Topics = Mapping[UUID, Sequence[str]]
"""The events of each entity, in order."""


@dataclass
class Purchase:
    """What the checkout's log says of a membership that a purchase started."""

    event_id: UUID
    bought: PassPurchased
    at: datetime
    """The time of its last event."""
    times: int = 1
    ended_id: UUID | None = None
    """The event that ended it and made access revoke its grants."""
    ended_for: EndCause | None = None

    @property
    def order_id(self) -> UUID:
        """Return the event of the settled order."""
        return self.bought.order_id

    def end(self, event_id: UUID, cause: EndCause, at: datetime) -> None:
        """It opens nothing any more; when it expires, its grants do so by themselves."""
        if cause is EndCause.EXPIRED:
            return
        self.ended_id, self.ended_for, self.at = event_id, cause, at

    def restore(self, at: datetime) -> None:
        """It opens its experiences again."""
        self.ended_id, self.ended_for, self.at = None, None, at

    @property
    def grants(self) -> list[UUID]:
        """The grants of the purchase."""
        experiences = dict.fromkeys(self.bought.experience_ids)
        return [Grant.create_id(self.bought.membership_id, each) for each in experiences]

    @property
    def receipts(self) -> dict[Channel, UUID]:
        """The notices about it."""
        of = (self.event_id, self.bought.person_id, Kind.RECEIPT.value)
        return {channel: Notice.create_id(*of, channel.value) for channel in Channel}

    @property
    def announced(self) -> list[UUID]:
        """The events that other services must handle."""
        return [self.event_id] if self.ended_id is None else [self.event_id, self.ended_id]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the other services hold of some purchases."""

    grants: Topics
    doors: AbstractSet[UUID]
    """The grants in the view that decides about entry."""
    notices: Topics
    handled: Mapping[str, AbstractSet[UUID]]
    """The events that each service has handled."""
    owned_twice: Mapping[UUID, UUID] = field(default_factory=dict)
    """Live memberships whose person owns the pass by that other order too."""


def amiss_with(purchase: Purchase, facts: Facts) -> Iterator[Finding]:
    """Return everything that is wrong by the time that all should be done."""
    if purchase.times > 1:
        yield _finding(
            "checkout", purchase, f"purchased {purchase.times} times", _history(purchase)
        )
    if (other := facts.owned_twice.get(purchase.bought.membership_id)) is not None:
        what = f"the same pass was bought twice: order {other} is active as well"
        yield _finding("checkout", purchase, what, f"refund one of them; {_history(purchase)}")
    yield from _grants_amiss(purchase, facts)
    yield from _receipts_amiss(purchase, facts)


def _grants_amiss(purchase: Purchase, facts: Facts) -> Iterator[Finding]:
    wanted = purchase.grants
    issued = [grant for grant in wanted if Grant.Issued.TOPIC in facts.grants.get(grant, ())]
    standing = [grant for grant in issued if facts.grants[grant][-1] in OPENED]
    if missing := set(wanted) - set(issued):
        what = f"{len(wanted) - len(missing)} grants for {len(wanted)} experiences"
        yield _finding("access", purchase, what, _replay("access", purchase, facts))
    if shut := [grant for grant in issued if grant not in facts.doors]:
        what = f"{len(shut)} of its grants give no access"
        yield _finding("access", purchase, what, "backstage projections rebuild access grant_list")
    if purchase.ended_for is not None and standing:
        what = f"{_OVER[purchase.ended_for]}, but {len(standing)} of its grants are still active"
        yield _finding("access", purchase, what, _replay("access", purchase, facts))


def _receipts_amiss(purchase: Purchase, facts: Facts) -> Iterator[Finding]:
    told = {
        channel: facts.notices.get(notice_id, ())
        for channel, notice_id in purchase.receipts.items()
    }
    in_app, mailed = (
        list(told[each]).count(_DELIVERED) for each in (Channel.IN_APP, Channel.EMAIL)
    )
    unsaid = bool(_UNSAID & set(told[Channel.EMAIL]))
    if in_app == 1 and (mailed == 1 or (unsaid and not mailed)):
        return
    repair = _replay("notifications", purchase, facts)
    if told[Channel.EMAIL] and in_app == 1:
        letter = purchase.receipts[Channel.EMAIL]
        waits = f"backstage schedule retry notifications {SEND_MAIL} {letter}"
        repair = waits if not mailed else f"backstage events show {letter}"
    what = f"{in_app} receipts in the app, {mailed} mailed"
    yield _finding("notifications", purchase, what, repair)


def _replay(service: str, purchase: Purchase, facts: Facts) -> str:
    """Return the command that makes the service act; it ignores what it has handled."""
    if set(purchase.announced) <= facts.handled[service]:
        return "its events are lost: backstage restore DIR"
    replay = f"backstage events replay --from checkout --to {service}"
    return f"{replay} --entity {purchase.bought.membership_id}"


def _history(purchase: Purchase) -> str:
    return f"backstage events show {purchase.bought.membership_id}"


def _finding(service: str, purchase: Purchase, what: str, repair: str) -> Finding:
    return Finding("outcomes", service, f"order {purchase.order_id}: {what}", repair)
