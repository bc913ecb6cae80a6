"""What the identity service reads from its environment."""

import hashlib
import hmac

from pydantic import Field

from libs.runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """Where mails go out, the pepper of all codes, and how often codes may be sent in an hour.

    Another pepper makes the codes that are under way worthless; sessions go on. Without one it is
    derived from the secret of person tokens: better one of its own, which no other service knows.
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
        """What codes and tokens are made with."""
        if self.sign_in_pepper is not None:
            return self.sign_in_pepper.encode()
        secret = self.person_token_secret.encode()
        return hmac.new(secret, b"pepper of sign-in codes", hashlib.sha256).digest()
