"""The bodies of the catalog's commands. Unknown fields are refused."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from libs.runtime.http.bodies import RequestBody
from services.catalog.domain import (
    BillingPeriod,
    ExperienceKind,
    PassDraft,
    PricingType,
    Question,
    QuestionKind,
    Role,
    SpaceDetails,
    StockMode,
    Terms,
    Visibility,
)

Ids = Annotated[tuple[UUID, ...], Field(max_length=100)]


class Body(RequestBody):
    """A command's body."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NewProfile(Body):
    """A new creator profile; `username` is final."""

    username: str
    display_name: str
    bio: str = ""


class ProfileText(Body):
    """A creator's name and bio."""

    display_name: str
    bio: str = ""


class NewSpace(Body):
    """A new space; `slug` and `currency` are final."""

    slug: str
    name: str
    description: str = ""
    currency: str
    time_zone: str
    visibility: Visibility = Visibility.PUBLIC

    def details(self) -> SpaceDetails:
        return SpaceDetails(self.name, self.description, self.time_zone, self.visibility)


class ChangedSpace(Body):
    """A space's details, written by someone who saw it at `expected_version`."""

    name: str
    description: str = ""
    time_zone: str
    visibility: Visibility = Visibility.PUBLIC
    expected_version: int

    def details(self) -> SpaceDetails:
        return SpaceDetails(self.name, self.description, self.time_zone, self.visibility)


class NewExperience(Body):
    """A new experience in a space."""

    slug: str
    name: str
    kind: ExperienceKind


class NewTeamMember(Body):
    """A new team member, by id or by username."""

    person_id: UUID | None = None
    username: str | None = Field(default=None, max_length=30)
    role: Role

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.person_id is None) == (self.username is None):
            raise ValueError("name the person by person_id or by username")
        return self


class QuestionBody(Body):
    """One waitlist question."""

    label: str
    kind: QuestionKind
    required: bool = False
    choices: Annotated[tuple[str, ...], Field(max_length=100)] = ()

    def question(self) -> Question:
        return Question(self.label, self.kind, self.required, self.choices)


class TermsBody(Body):
    """The terms of a pass; money in integer minor units of its currency, by default the space's."""

    pricing_type: PricingType
    currency: str = ""
    currency_exponent: int | None = None
    price_minor: int = 0
    initial_fee_minor: int = 0
    billing_period: BillingPeriod = BillingPeriod.LIFETIME
    trial_days: int = 0
    stock: int | None = None
    stock_mode: StockMode | None = None
    auto_expire_at: AwareDatetime | None = None
    expires_after_days: int | None = None
    waitlist: bool = False
    waitlist_questions: Annotated[tuple[QuestionBody, ...], Field(max_length=100)] = ()
    redirect_url: str | None = None
    cancellation_discount_percent: int = 0
    split_payments: bool = False
    max_split_payments: int = 1
    sale_starts_at: AwareDatetime | None = None
    sale_ends_at: AwareDatetime | None = None
    refund_policy: str = ""

    def terms(self) -> Terms:
        plain = {name: getattr(self, name) for name in type(self).model_fields}
        questions = tuple(each.question() for each in self.waitlist_questions)
        return Terms(**plain | {"waitlist_questions": questions})


class PassBody(Body):
    """The draft of a pass's next version."""

    name: str
    description: str = ""
    experience_ids: Ids = ()
    terms: TermsBody

    def draft(self) -> PassDraft:
        return PassDraft(self.name, self.description, self.experience_ids, self.terms.terms())


class NewPass(PassBody):
    """A new pass; `slug` is final."""

    slug: str


class ChangedPass(PassBody):
    """The next version, written by someone who saw the pass at `expected_version`."""

    expected_version: int


class Publish(Body):
    """Publish what was seen at `expected_version`; without one, the present draft."""

    expected_version: int | None = None
