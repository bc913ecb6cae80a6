"""The environment of the streaming service."""

from pathlib import Path

from pydantic import Field

from libs.runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """LiveKit's address, and the key and secret that sign for it.

    Browsers connect to `livekit_url` (`ws://` or `wss://`); the server API is at the same address
    over HTTP. `livekit_state_file` reports the progress of a server in preparation.
    """

    livekit_url: str = Field(pattern=r"^(wss?|https?)://")
    livekit_api_key: str = Field(min_length=1)
    livekit_api_secret: str = Field(min_length=1)
    livekit_state_file: Path | None = None
