"""Hands mails to an SMTP server; the only place that speaks SMTP here."""

import smtplib
import ssl
from email.message import EmailMessage
from typing import Final
from urllib.parse import unquote, urlsplit

_TIMEOUT_S: Final = 4.0
_PLAIN_PORT: Final = 25
_TLS_PORT: Final = 465


class MailNotTaken(Exception):
    """The server refused the mail or could not be reached; names no address."""


class SmtpProvider:
    """One SMTP server: `smtp://[user:password@]host[:port]`, or `smtps://` for TLS from the start.

    With a user, `smtp://` insists on STARTTLS before the password is said.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._tls = parts.scheme == "smtps"
        self._host = parts.hostname or "localhost"
        self._port = parts.port or (_TLS_PORT if self._tls else _PLAIN_PORT)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")

    def send(self, mail: EmailMessage) -> None:
        """Hand over one mail and wait for the server's word. Raises MailNotTaken."""
        try:
            with self._connect() as server:
                server.send_message(mail)
        except smtplib.SMTPResponseException as refused:
            reason = f"{type(refused).__name__} {refused.smtp_code}"
            raise MailNotTaken(reason) from None
        except (smtplib.SMTPException, OSError) as problem:
            # Their texts name the recipient, and errors of errands are kept and shown.
            raise MailNotTaken(type(problem).__name__) from None

    def _connect(self) -> smtplib.SMTP:
        if self._tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=_TIMEOUT_S, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=_TIMEOUT_S)
        if self._user:
            if not self._tls:
                server.starttls(context=ssl.create_default_context())
            server.login(self._user, self._password)
        return server
