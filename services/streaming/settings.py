"""The environment of the streaming service."""

from pathlib import Path

from pydantic import Field

from libs.runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """Where LiveKit answers, and the key and secret that sign for it.

    `livekit_url` is what browsers connect to (`ws://` or `wss://`); the server API is at the same
    place over HTTP. `livekit_state_file` tells how far a server is that is only being prepared.
    """

    livekit_url: str = Field(pattern=r"^(wss?|https?)://")
    livekit_api_key: str = Field(min_length=1)
    livekit_api_secret: str = Field(min_length=1)
    livekit_state_file: Path | None = None
