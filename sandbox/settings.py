"""Every environment variable of the sandbox process."""

from pathlib import Path

from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """Where the sandbox listens and keeps its state, and which keys it accepts."""

    http_host: str = "127.0.0.1"
    sandbox_port: int = 8020
    sandbox_smtp_port: int = 8021
    sandbox_data: Path = Path("sandbox-data")

    sandbox_stripe_webhook_url: str = ""
    """The address of signed events; empty sends none."""
    stripe_api_key: str = "sk_test_sandbox"
    stripe_publishable_key: str = "pk_test_sandbox"
    stripe_webhook_secrets: str = "whsec_sandbox"
    """Comma separated during a rotation; each of them signs."""

    stream_api_key: str = "sandbox"
    stream_api_secret: str = "sandbox-stream-secret-of-32-bytes"  # noqa: S105 - local only

    livekit_api_key: str = "sandbox"
    livekit_api_secret: str = "sandbox-livekit-secret-of-32-byte"  # noqa: S105 - local only
    sandbox_livekit_webhook_url: str = ""
    """The address of the LiveKit stand-in's signed webhooks; empty sends none."""

    r2_access_key_id: str = "sandbox"
    r2_secret_access_key: str = "sandbox-r2-secret"  # noqa: S105 - local only
    r2_bucket: str = "recordings"

    @property
    def webhook_secrets(self) -> list[str]:
        """Return the signing secrets of Stripe's webhooks, newest first."""
        return [part.strip() for part in self.stripe_webhook_secrets.split(",") if part.strip()]
