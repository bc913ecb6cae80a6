"""Reads of the catalog's views. Only a space's team sees its drafts."""

from services.catalog.queries.models import (
    Experience,
    PassPage,
    Point,
    ProfilePage,
    SpaceCard,
    SpacePage,
    TeamMember,
)
from services.catalog.queries.profiles import get_profile, get_profile_of
from services.catalog.queries.rows import Curs
from services.catalog.queries.spaces import (
    get_pass,
    get_space,
    list_spaces,
    list_spaces_of,
    list_team,
)

__all__ = [
    "Curs",
    "Experience",
    "PassPage",
    "Point",
    "ProfilePage",
    "SpaceCard",
    "SpacePage",
    "TeamMember",
    "get_pass",
    "get_profile",
    "get_profile_of",
    "get_space",
    "list_spaces",
    "list_spaces_of",
    "list_team",
]
