"""A real SMTP server that keeps its mails and can be told to be difficult."""

import time
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.controller import Controller

from tests.servers import free_port


@dataclass
class MailServer:
    """`answers` replace 250 for the steps that they name: rcpt or data.

    With `loses_answer` the mail is kept, and the connection is cut instead of the 250.
    """

    mails: list[EmailMessage] = field(default_factory=list)
    answers: list[tuple[str, str]] = field(default_factory=list)
    loses_answer: int = 0

    def __enter__(self) -> Self:
        self._controller = Controller(
            self, hostname="127.0.0.1", port=free_port(), enable_SMTPUTF8=True
        )
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._controller.port}"

    async def handle_RCPT(  # noqa: N802 - the library's name for it
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if answer := self._answer("rcpt"):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if answer := self._answer("data"):
            return answer
        parsed = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append(parsed)
        if self.loses_answer:
            self.loses_answer -= 1
            server.transport.abort()
        return "250 OK"

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if mail["To"] == address]

    def until(self, count: int, within_s: float = 15.0) -> list[EmailMessage]:
        deadline = time.monotonic() + within_s
        while len(self.mails) < count:
            assert time.monotonic() < deadline, f"{len(self.mails)} mails came"
            time.sleep(0.02)
        return self.mails

    def _answer(self, step: str) -> str | None:
        if self.answers and self.answers[0][0] == step:
            return self.answers.pop(0)[1]
        return None
