"""The environment of the identity service."""

import hashlib
import hmac

from pydantic import Field

from libs.runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """The mail server, the pepper of all codes, and the limits on codes per hour.

    A new pepper invalidates pending codes; sessions stay. Without a pepper it is derived from the
    secret of person tokens. A pepper that no other service knows is better.
    """

    smtp_url: str
    mail_from: str = "Backstage Pass <hello@localhost>"
    sign_in_pepper: str | None = Field(default=None, min_length=32)
    sign_in_sends_per_browser: int = 5
    sign_in_sends_per_network: int = 30
    sign_in_sends_in_total: int = 2_000
    sign_in_free_sends_per_inbox: int = 5
    sign_in_failures_per_browser: int = 20

    @property
    def pepper(self) -> bytes:
        """Return what codes and tokens are derived with."""
        if self.sign_in_pepper is not None:
            return self.sign_in_pepper.encode()
        secret = self.person_token_secret.encode()
        return hmac.new(secret, b"pepper of sign-in codes", hashlib.sha256).digest()
