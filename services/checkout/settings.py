"""The environment of the checkout service."""

from pydantic import Field

from libs.runtime.settings import ServiceSettings
from services.checkout.orders.use_cases import HOLD


class Settings(ServiceSettings):
    """The keys of Stripe, the rate of payment requests, and the length of a hold.

    Without webhook secrets there is no webhook route; several secrets are accepted during a
    rotation. Stripe allows 25 requests a second for one endpoint (docs.stripe.com/rate-limits): we
    stay below. `payments_per_s` is the share of this process: the replicas of one account share 20.
    `hold_s` is how long a seat is held for a buyer.
    """

    stripe_api_key: str = Field(min_length=1)
    stripe_publishable_key: str = Field(min_length=1)
    stripe_webhook_secrets: str = ""
    stripe_api_url: str = "https://api.stripe.com"
    payments_per_s: float = Field(default=20.0, gt=0)
    hold_s: float = Field(default=HOLD.total_seconds(), gt=0)

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        return tuple(s.strip() for s in self.stripe_webhook_secrets.split(",") if s.strip())
