"""The sandbox as one web application: each provider's stand-in under its own path."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette

from sandbox import livekit, mailbox, r2, stream, stripe
from sandbox.settings import Settings
from sandbox.state import State, StorageFull
from sandbox.storage_full import storage_full

Part = APIRouter | Starlette
BuildPart = Callable[[State, Settings], Part]

PARTS: dict[str, BuildPart] = {
    stripe.PREFIX: stripe.router,
    "/stream": stream.router,
    "/livekit": livekit.router,
    "/r2": r2.router,
    mailbox.PREFIX: mailbox.router,
}


def create_app(
    state: State, settings: Settings, parts: dict[str, BuildPart] | None = None
) -> FastAPI:
    """Return the application with these parts, by default all of them."""
    built = {
        prefix: build(state, settings)
        for prefix, build in (PARTS if parts is None else parts).items()
    }
    apart = [part for part in built.values() if isinstance(part, Starlette)]

    @asynccontextmanager
    async def running(_app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for part in apart:
                await stack.enter_async_context(part.router.lifespan_context(part))
            yield

    app = FastAPI(title="Sandbox", openapi_url=None, lifespan=running)

    @app.get("/health")
    async def health() -> dict[str, str]:
        state.execute("SELECT 1", ())
        return {"status": "ok"}

    app.add_exception_handler(StorageFull, storage_full)
    for prefix, part in built.items():
        if isinstance(part, APIRouter):
            app.include_router(part, prefix=prefix)
        else:
            app.mount(prefix, part)
    return app
