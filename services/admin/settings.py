"""What the admin reads from its environment."""

from typing import Final
from urllib.parse import urlsplit

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

SERVICES: Final = ("catalog", "checkout", "access", "streaming")


class Settings(BaseSettings):
    """Where the admin listens, whom it asks, and the secrets that it shares with the gateway.

    `livekit_url` is the video server as browsers see it (ws:// or wss://).
    """

    model_config = SettingsConfigDict(extra="ignore")

    http_host: str = "127.0.0.1"
    http_port: int
    public_url: str = "http://localhost:8000"
    person_token_secret: str = Field(min_length=32)
    csrf_secret: str = Field(min_length=32)
    catalog_url: str
    checkout_url: str
    access_url: str
    streaming_url: str
    livekit_url: str = ""
    otel_exporter_otlp_endpoint: str | None = None

    @property
    def addresses(self) -> dict[str, str]:
        """Where the services are."""
        return {name: str(getattr(self, f"{name}_url")) for name in SERVICES}

    @property
    def is_https(self) -> bool:
        """Whether browsers use TLS; without it, only http://localhost makes sense."""
        return urlsplit(self.public_url).scheme == "https"
