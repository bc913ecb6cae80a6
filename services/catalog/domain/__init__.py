"""What creators offer, and its rules. No I/O, no clock, no imports of other layers."""

from libs.permissions import Role
from services.catalog.domain.access_pass import AccessPass, PassDraft
from services.catalog.domain.profile import CreatorProfile, Following
from services.catalog.domain.space import (
    ExperienceKind,
    Space,
    SpaceDetails,
    Visibility,
)
from services.catalog.domain.terms import (
    BillingPeriod,
    PricingType,
    Question,
    QuestionKind,
    StockMode,
    Terms,
)

__all__ = [
    "AccessPass",
    "BillingPeriod",
    "CreatorProfile",
    "ExperienceKind",
    "Following",
    "PassDraft",
    "PricingType",
    "Question",
    "QuestionKind",
    "Role",
    "Space",
    "SpaceDetails",
    "StockMode",
    "Terms",
    "Visibility",
]
