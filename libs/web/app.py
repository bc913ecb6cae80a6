"""Builds the app of an edge."""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI

from libs.runtime.http.app import create_app
from libs.web import errors
from libs.web.clients import Services


def create_edge_app(
    name: str,
    *,
    person_token_secret: str,
    routers: Sequence[APIRouter],
    services: Services,
    answer: errors.Answer,
) -> FastAPI:
    """Return the app. It is always ready: requests wait for the services that they need."""

    async def ready() -> Mapping[str, Any]:
        return {"status": "ready", "service": name}

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await services.close()

    app = create_app(
        name,
        person_token_secret=person_token_secret,
        routers=routers,
        refusals={},
        ready=ready,
    )
    app.router.lifespan_context = lifespan
    errors.install(app, answer)
    return app
