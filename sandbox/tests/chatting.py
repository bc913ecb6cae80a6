"""The sandbox's chat on a real port, with its clients: the app's server, people, sockets."""

import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount
from stream_chat import StreamChat
from stream_chat.channel import Channel
from websockets.sync.client import ClientConnection, connect

from sandbox import stream
from sandbox.settings import Settings
from sandbox.state import State
from sandbox.tests.serving import serving

KEY, SECRET = "chatting", "a-secret-of-more-than-thirty-two-bytes"
MEMBERS_ONLY = {
    "user": [],
    "guest": [],
    "anonymous": [],
    "channel_member": [
        "read-channel",
        "read-channel-members",
        "create-message",
        "create-reply",
        "create-reaction",
        "update-message-owner",
        "delete-message-owner",
        "delete-reaction-owner",
        "flag-message",
        "remove-own-channel-membership",
    ],
}


@dataclass
class Listener:
    """One open WebSocket, with everything that it received."""

    socket: ClientConnection
    hello: dict[str, Any]
    events: list[dict[str, Any]] = field(default_factory=list)

    def wait_for(self, kind: str, within_s: float = 5) -> dict[str, Any]:
        """Return the next event of a kind; those before it are kept in `events`."""
        end = time.monotonic() + within_s
        while True:
            event = json.loads(self.socket.recv(end - time.monotonic()))
            self.events.append(event)
            if event["type"] == kind:
                return dict(event)

    def drain(self, for_s: float = 0.3) -> list[str]:
        """Return the kinds of all events that arrive within a while."""
        end = time.monotonic() + for_s
        kinds = []
        while (left := end - time.monotonic()) > 0:
            try:
                kinds.append(str(json.loads(self.socket.recv(left))["type"]))
            except TimeoutError:
                break
        return kinds


@dataclass(frozen=True)
class ChatServer:
    """A running chat."""

    url: str

    @property
    def sdk(self) -> StreamChat:
        """The official SDK, as the app's server uses it."""
        return StreamChat(KEY, SECRET, base_url=self.url)

    def token(self, user_id: str, lifetime_s: int = 600, secret: str = SECRET) -> str:
        """Return a token as the chat service issues them."""
        now = int(time.time())
        signer = StreamChat(KEY, secret)
        token: str = signer.create_token(user_id, exp=now + lifetime_s, iat=now - 5)
        return token

    def person(self, user_id: str, /, token: str = "", **query: str) -> httpx.Client:
        """Return an HTTP client that acts as a person, as a browser would."""
        return httpx.Client(
            base_url=self.url,
            headers={
                "Authorization": token or self.token(user_id),
                "stream-auth-type": "jwt",
            },
            params={"api_key": KEY, "user_id": user_id, **query},
        )

    @contextmanager
    def listening(self, user_id: str, token: str = "", **details: Any) -> Iterator[Listener]:
        """Open a WebSocket as the JavaScript client does."""
        asked = json.dumps({"user_id": user_id, "user_details": {"id": user_id, **details}})
        query = httpx.QueryParams(
            {
                "json": asked,
                "api_key": KEY,
                "authorization": token or self.token(user_id),
                "stream-auth-type": "jwt",
                "X-Stream-Client": "tests",
            }
        )
        with connect(f"{self.url.replace('http', 'ws')}/connect?{query}") as socket:
            yield Listener(socket, json.loads(socket.recv(5)))

    def watch(self, listener: Listener, user_id: str, path: str = "experience/live") -> None:
        """Let an open socket watch a channel."""
        asked = {"watch": True, "state": True, "presence": False}
        with self.person(user_id, connection_id=listener.hello["connection_id"]) as client:
            answer = client.post(f"/channels/{path}/query", json=asked)
        assert answer.status_code == 201, answer.text

    def experience(self, *members: str) -> Channel:
        """Create the channel `live` of our own members-only type, owned by `owner`."""
        self.sdk.create_channel_type({"name": "experience", "grants": MEMBERS_ONLY})
        people = ["owner", "ann", "bob", "eve"]
        self.sdk.upsert_users([{"id": user, "name": user.title()} for user in people])
        channel = self.sdk.channel("experience", "live", {"title": "Live"})
        channel.create("owner")
        if members:
            channel.add_members(list(members))
        return channel


@contextmanager
def running_chat(folder: Path) -> Iterator[ChatServer]:
    """Serve the chat alone, on the data of a folder, until the block ends."""
    settings = Settings(stream_api_key=KEY, stream_api_secret=SECRET)
    with closing(State(folder / "state.db")) as state:
        part = stream.router(state, settings)
        with serving(Starlette(routes=[Mount("/stream", part)])) as url:
            yield ChatServer(f"{url}/stream")
