"""The catalog over HTTP: profiles, spaces with their teams and experiences, passes."""

from fastapi import APIRouter

from libs.runtime.store.store import Store
from services.catalog.application import Catalog
from services.catalog.http import passes, profiles, spaces
from services.catalog.http.answers import REFUSALS

__all__ = ["REFUSALS", "routers"]


def routers(store: Store[Catalog]) -> list[APIRouter]:
    """Return every route of the catalog."""
    return [profiles.router(store), spaces.router(store), passes.router(store)]
