"""Public events of the catalog service: what creators offer."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from libs.events.contract import Contract


class PricingType(StrEnum):
    """How a pass is paid for."""

    FREE = "free"
    ONE_TIME = "one_time"
    RECURRING = "recurring"


class BillingPeriod(StrEnum):
    """How long one payment lasts."""

    MONTHLY = "monthly"
    YEARLY = "yearly"
    LIFETIME = "lifetime"


class StockMode(StrEnum):
    """Whether the place of an ended membership returns to sale (seats) or does not (editions)."""

    SEATS = "seats"
    EDITIONS = "editions"


class ExperienceKind(StrEnum):
    """Live video with chat, or chat alone."""

    LIVE = "live"
    CHAT = "chat"


class QuestionKind(StrEnum):
    """How a waitlist question is answered."""

    TEXT = "text"
    CHOICE = "choice"
    CHECKBOX = "checkbox"
    URL = "url"


class Question(BaseModel):
    """One question that applicants to a waitlist answer."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    label: str
    kind: QuestionKind
    required: bool = False
    choices: tuple[str, ...] = ()


class PassTerms(BaseModel):
    """The immutable terms of one pass version: what a buyer agrees to.

    Money is in minor units of `currency`, which has `currency_exponent` decimals. `stock` None
    means unlimited. `cancellation_discount_percent` is offered once to people who cancel.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    pricing_type: PricingType
    currency: str
    currency_exponent: int
    price_minor: int = 0
    initial_fee_minor: int = 0
    billing_period: BillingPeriod = BillingPeriod.LIFETIME
    trial_days: int = 0
    stock: int | None = None
    stock_mode: StockMode = StockMode.EDITIONS
    auto_expire_at: AwareDatetime | None = None
    expires_after_days: int | None = None
    waitlist: bool = False
    waitlist_questions: tuple[Question, ...] = ()
    redirect_url: str | None = None
    cancellation_discount_percent: int = 0
    split_payments: bool = False
    max_split_payments: int = 1
    sale_starts_at: AwareDatetime | None = None
    sale_ends_at: AwareDatetime | None = None
    refund_policy: str = ""


class CreatorProfileOpened(Contract):
    """A person opened a creator profile; its name and text stay in the catalog."""

    type: ClassVar[str] = "catalog.creator_profile_opened.v1"
    profile_id: UUID
    person_id: UUID


class CreatorFollowed(Contract):
    """A person followed a creator."""

    type: ClassVar[str] = "catalog.creator_followed.v1"
    profile_id: UUID
    person_id: UUID


class CreatorUnfollowed(Contract):
    """A person unfollowed a creator."""

    type: ClassVar[str] = "catalog.creator_unfollowed.v1"
    profile_id: UUID
    person_id: UUID


class SpaceCreated(Contract):
    """A creator opened a space; its owner may do everything in it."""

    type: ClassVar[str] = "catalog.space_created.v1"
    space_id: UUID
    owner_id: UUID
    slug: str
    name: str
    currency: str
    time_zone: str


class SpacePublished(Contract):
    """A space became visible to everyone."""

    type: ClassVar[str] = "catalog.space_published.v1"
    space_id: UUID
    slug: str
    name: str


class TeamMemberAdded(Contract):
    """A person joined a space's team as owner, admin, collaborator, moderator, support or
    analyst."""

    type: ClassVar[str] = "catalog.team_member_added.v1"
    space_id: UUID
    person_id: UUID
    role: str


class TeamMemberRemoved(Contract):
    """A person left a space's team."""

    type: ClassVar[str] = "catalog.team_member_removed.v1"
    space_id: UUID
    person_id: UUID


class ExperienceAdded(Contract):
    """A space got a new experience: live video with chat, or chat alone."""

    type: ClassVar[str] = "catalog.experience_added.v1"
    experience_id: UUID
    space_id: UUID
    slug: str
    name: str
    kind: ExperienceKind


class PassPublished(Contract):
    """A pass version went on sale under these terms; earlier buyers keep theirs."""

    type: ClassVar[str] = "catalog.pass_published.v1"
    pass_id: UUID
    version_id: UUID
    version_number: int
    space_id: UUID
    space_slug: str
    space_name: str
    slug: str
    name: str
    experience_ids: tuple[UUID, ...]
    terms: PassTerms


class PassArchived(Contract):
    """A pass went off sale for good; existing grants continue."""

    type: ClassVar[str] = "catalog.pass_archived.v1"
    pass_id: UUID
    space_id: UUID
