"""The streaming service as a process."""

from pathlib import Path

from libs.runtime.scheduling.clock import Clock, SystemClock
from libs.runtime.scheduling.schedule import Schedule
from libs.runtime.service import Service, run
from libs.runtime.store.store import Store
from services.streaming.application import Streaming
from services.streaming.composition import application
from services.streaming.http import REFUSALS, streaming_router
from services.streaming.jobs import Jobs
from services.streaming.livekit_provider import LiveKitProvider
from services.streaming.projections import VIEWS
from services.streaming.provider import VideoProvider
from services.streaming.publishing import to_contract
from services.streaming.reactions import SUBSCRIPTIONS
from services.streaming.settings import Settings
from services.streaming.timers import TIMERS
from services.streaming.video_server import AnnouncedVideoServer


def streaming_store(database_url: str, clock: Clock, pool_size: int = 16) -> Store[Streaming]:
    """Return the application with its tables and views on a database."""
    return Store(
        "streaming",
        database_url,
        lambda env: application(env, clock, Schedule(clock)),
        views=VIEWS,
        migrations=Path(__file__).parent / "migrations",
        clock=clock,
        pool_size=pool_size,
    )


def compose(settings: Settings, provider: VideoProvider) -> Service:
    """Return the streaming service on its database, its bus and its provider."""
    store = streaming_store(settings.database_url, SystemClock(), settings.store_pool_size)
    video_server = AnnouncedVideoServer(settings.livekit_state_file)
    return Service(
        settings,
        store,
        publishes=to_contract,
        subscriptions=SUBSCRIPTIONS,
        timers=TIMERS,
        jobs=Jobs(store, provider).by_kind(),
        routers=[streaming_router(store, provider, video_server)],
        refusals=REFUSALS,
    )


def main() -> None:
    """Run until SIGTERM or Ctrl-C."""
    settings = Settings.model_validate({})
    provider = LiveKitProvider(
        settings.livekit_url, settings.livekit_api_key, settings.livekit_api_secret
    )
    try:
        run(compose(settings, provider))
    finally:
        provider.close()


if __name__ == "__main__":
    main()
