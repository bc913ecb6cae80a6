"""Starts the sandbox process: one port for all providers, one for mail."""

import uvicorn

from sandbox.app import create_app
from sandbox.settings import Settings
from sandbox.state import State


def main() -> None:
    """Serve until a signal arrives; state stays in the data folder."""
    settings = Settings()
    state = State(settings.sandbox_data / "sandbox.sqlite3")
    try:
        uvicorn.run(
            create_app(state, settings),
            host=settings.http_host,
            port=settings.sandbox_port,
            access_log=False,
            log_level="warning",
            timeout_graceful_shutdown=2,
        )
    finally:
        state.close()


if __name__ == "__main__":
    main()
