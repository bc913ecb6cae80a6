"""Handing mails to an SMTP server.

SMTP has no idempotency key. If the process dies, or the connection breaks, between the server's 250
and our commit, the mail goes out twice: better than never. Both copies have the same Message-ID, so
mailboxes that compare it show one.
"""

import smtplib
import ssl
import time
from contextlib import closing
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import parseaddr
from typing import Final
from urllib.parse import unquote, urlsplit

_PLAIN_PORT: Final = 25
_TLS_PORT: Final = 465
_CONNECT_TIMEOUT_S: Final = 2.0
_NO_ADDRESS: Final = 553
"""Mailbox name not allowed (RFC 5321, 4.2.3): our answer for an address that no mail can bear."""
_WITHIN_S: Final = 13.0
"""Below the lease of a job; after that another worker would send the same mail."""


class MailNotTaken(Exception):
    """The server is unreachable or asks to be tried later. The text names no address."""


class MailRefused(Exception):
    """The server refuses this mail, or this recipient, for good."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the mail server refused it for good with {code}")
        self.code = code


class SmtpServer:
    """One SMTP server: `smtp://[user:password@]host[:port]`, or `smtps://` for TLS from the start.

    With a user, `smtp://` requires STARTTLS before it sends the password.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._tls = parts.scheme == "smtps"
        self._host = parts.hostname or "localhost"
        self._port = parts.port or (_TLS_PORT if self._tls else _PLAIN_PORT)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")

    def send(self, mail: EmailMessage) -> None:
        """Send one mail and wait for the server's 250. Raises MailRefused, MailNotTaken."""
        deadline = time.monotonic() + _WITHIN_S
        try:
            with closing(self._connect()) as server:
                self._sign_in(server)
                _hand_over(server, mail, deadline)
            # Closed without QUIT: its answer must not undo the server's 250.
        except smtplib.SMTPResponseException as problem:
            raise MailNotTaken(f"{type(problem).__name__} {problem.smtp_code}") from None
        except (smtplib.SMTPException, OSError) as problem:
            # The server's text may name the recipient, and errors of jobs are stored and shown.
            raise MailNotTaken(type(problem).__name__) from None

    def _connect(self) -> smtplib.SMTP:
        if not self._tls:
            return smtplib.SMTP(self._host, self._port, timeout=_CONNECT_TIMEOUT_S)
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(self._host, self._port, timeout=_CONNECT_TIMEOUT_S, context=context)

    def _sign_in(self, server: smtplib.SMTP) -> None:
        if self._user:
            if not self._tls:
                server.starttls(context=ssl.create_default_context())
            server.login(self._user, self._password)


def _hand_over(server: smtplib.SMTP, mail: EmailMessage, deadline: float) -> None:
    sender, recipient = parseaddr(mail["From"])[1], parseaddr(mail["To"])[1]
    if "@" not in recipient or not recipient.isprintable():
        raise MailRefused(_NO_ADDRESS)
    server.ehlo_or_helo_if_needed()
    options, policy = [], SMTP_POLICY
    if not recipient.isascii():
        if not server.has_extn("smtputf8"):
            raise MailRefused(_NO_ADDRESS)
        options, policy = ["SMTPUTF8", "BODY=8BITMIME"], SMTP_POLICY.clone(utf8=True)
    _allow(server, deadline)
    _expect_ok(*server.mail(sender, options), for_good=False)
    _allow(server, deadline)
    _expect_ok(*server.rcpt(recipient), for_good=True)
    _allow(server, deadline)
    try:
        _expect_ok(*server.data(mail.as_bytes(policy=policy)), for_good=True)
    except smtplib.SMTPDataError as refused:
        raise _fault(refused.smtp_code, for_good=True) from None


def _allow(server: smtplib.SMTP, deadline: float) -> None:
    """Limit the next step to the remaining time."""
    left = deadline - time.monotonic()
    if left <= 0 or server.sock is None:
        raise MailNotTaken("too slow")
    server.sock.settimeout(left)


def _expect_ok(code: int, _: bytes, *, for_good: bool) -> None:
    if not 200 <= code < 300:
        raise _fault(code, for_good=for_good)


def _fault(code: int, *, for_good: bool) -> Exception:
    """Return whether a refusal is final: a 5xx about recipient or mail is, one about us is not."""
    return MailRefused(code) if for_good and code >= 500 else MailNotTaken(f"answered {code}")
