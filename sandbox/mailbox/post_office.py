"""Receives mails by SMTP; a mail is stored before it is acknowledged."""

import secrets
from collections.abc import Callable, Iterator
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from sandbox.state import Collection, Document, State, StorageFull


class PostOffice:
    """All mails, newest first; each recipient has an index of their own."""

    def __init__(self, state: State, now: Callable[[], datetime]) -> None:
        self._state = state
        self._mails = state.collection("mailbox.mails")
        self._now = now
        self._index_older_mails()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Store one mail, then acknowledge it."""
        content = envelope.content
        raw = content.encode() if isinstance(content, str) else (content or b"")
        message = message_from_bytes(raw, policy=policy.default)
        mail_id = secrets.token_hex(12)
        mail = {
            "id": mail_id,
            "to": list(envelope.rcpt_tos),
            "from": envelope.mail_from or "",
            "subject": str(message.get("subject", "")),
            "received_at": self._now().isoformat().replace("+00:00", "Z"),
            "text": _part(message, "plain"),
            "html": _part(message, "html"),
            "headers": [[name, str(value)] for name, value in message.items()],
        }
        try:
            with self._state.transaction():
                self._mails.put(mail_id, mail)
                self._index(mail)
        except StorageFull:
            # RFC 5321, 4.2.3: try again later. A 5xx would be final.
            return "452 4.3.1 Insufficient system storage"
        return f"250 OK kept as {mail_id}"

    def mail(self, mail_id: str) -> Document | None:
        return self._mails.get(mail_id)

    def mails(self, to: str | None = None, since: datetime | None = None) -> Iterator[Document]:
        """Yield mails newest first: to an address, received at `since` or later."""
        for mail in self._mails.newest() if to is None else self._mails_to(to):
            if since is not None and datetime.fromisoformat(mail["received_at"]) < since:
                return
            yield mail

    def _mails_to(self, address: str) -> Iterator[Document]:
        for entry in self._inbox(address).newest():
            mail = self._mails.get(entry["mail_id"])
            if mail is not None:
                yield mail

    def _inbox(self, address: str) -> Collection:
        return self._state.collection(f"mailbox.to.{address.lower()}")

    def _index(self, mail: Document) -> None:
        for address in mail["to"]:
            self._inbox(address).put(mail["id"], {"mail_id": mail["id"]})

    def _index_older_mails(self) -> None:
        """Index the mails that arrived before there was an index."""
        done = self._state.collection("mailbox.index")
        if done.get("built") is None:
            with self._state.transaction():
                for mail in self._mails.all():
                    self._index(mail)
                done.put("built", {})


def _part(message: EmailMessage, kind: str) -> str | None:
    body = message.get_body(preferencelist=(kind,))
    content: Any = None if body is None else body.get_content()
    return content if isinstance(content, str) else None
