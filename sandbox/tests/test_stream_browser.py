"""The chat in real browsers, through GetStream's official JavaScript SDK and its WebSocket."""

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from sandbox.tests.chatting import KEY, ChatServer, running_chat

WEB = Path("web").resolve()
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ENTRY = "import { StreamChat } from 'stream-chat'; globalThis.StreamChat = StreamChat;"
ENTER = """async ({ url, key, user, tokens }) => {
    const client = new StreamChat(key, { baseURL: url, timeout: 6000 });
    let asked = 0;
    const provider = async () => tokens[Math.min(asked++, tokens.length - 1)];
    await client.connectUser({ id: user }, provider);
    const channel = client.channel('experience', 'live');
    globalThis.chat = { client, channel, heard: [], asked: () => asked };
    client.on((event) => chat.heard.push([event.type, event.message?.text ?? '']));
    try {
        await channel.watch();
        return 'watching';
    } catch (error) {
        return `refused ${error.code} ${error.status}`;
    }
}"""
SEND = """async (text) => {
    try {
        await chat.channel.sendMessage({ text });
        return 'sent';
    } catch (error) {
        return `refused ${error.code} ${error.status}`;
    }
}"""
SHOWN = "() => chat.channel.state.messages.map((message) => message.text)"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The official SDK as a page loads it."""
    builders = sorted(WEB.glob("node_modules/@esbuild/*/bin/esbuild"))
    if not builders or not (WEB / "node_modules" / "stream-chat").exists():
        pytest.skip("The SDK is not in web/node_modules: run ./bp web first.")
    target = tmp_path_factory.mktemp("bundle") / "chat.js"
    command = [
        str(builders[0]),
        "--bundle",
        "--format=iife",
        "--log-level=error",
        f"--outfile={target}",
    ]
    subprocess.run(command, input=ENTRY, text=True, check=True, cwd=WEB)
    return target.read_text()


@pytest.fixture(scope="module")
def browser(chromium_path: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield chromium
        chromium.close()


@contextmanager
def page_host(chat_url: str, script: str) -> Iterator[str]:
    """A site on another origin than the chat, with a policy as strict as ours."""
    socket_url = chat_url.replace("http", "ws")
    origin, socket_origin = (url.removesuffix("/stream") for url in (chat_url, socket_url))
    policy = f"default-src 'none'; script-src 'self'; connect-src {origin} {socket_origin}"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_script = self.path == "/chat.js"
            page = '<!doctype html><title>Chat</title><script src="/chat.js"></script>'
            body = (script if is_script else page).encode()
            self.send_response(200)
            kind = "text/javascript" if is_script else "text/html"
            self.send_header("content-type", f"{kind}; charset=utf-8")
            self.send_header("content-security-policy", policy)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[ChatServer]:
    with running_chat(tmp_path) as chat:
        yield chat


class Visitors:
    """Browser windows of different people on the same site."""

    def __init__(self, browser: Browser, site: str, chat: ChatServer) -> None:
        self._browser, self._site, self._chat = browser, site, chat
        self.pages: list[Page] = []

    def enter(self, user: str, *tokens: str) -> tuple[Page, str]:
        page = self._browser.new_context(locale="en-US").new_page()
        self.pages.append(page)
        page.goto(self._site)
        asked = {
            "url": self._chat.url,
            "key": KEY,
            "user": user,
            "tokens": list(tokens) or [self._chat.token(user)],
        }
        return page, str(page.evaluate(ENTER, asked))


@pytest.fixture
def visitors(browser: Browser, bundle: str, chat: ChatServer) -> Iterator[Visitors]:
    with page_host(chat.url, bundle) as site:
        visitors = Visitors(browser, site, chat)
        yield visitors
        for page in visitors.pages:
            page.context.close()


def until_heard(page: Page, kind: str, text: str = "", within_s: float = 5) -> None:
    end = time.monotonic() + within_s
    while [kind, text] not in page.evaluate("() => chat.heard"):
        assert time.monotonic() < end, f"{kind} {text!r} was not heard within {within_s} s"
        page.wait_for_timeout(20)


def test_message_appears_in_the_other_browser(chat: ChatServer, visitors: Visitors) -> None:
    chat.experience("ann", "bob")
    ann, ann_entered = visitors.enter("ann")
    bob, bob_entered = visitors.enter("bob")

    sent = ann.evaluate(SEND, "hello from ann")
    until_heard(bob, "message.new", "hello from ann")

    assert (ann_entered, bob_entered, sent) == ("watching", "watching", "sent")
    assert bob.evaluate(SHOWN) == ["hello from ann"]
    assert bob.evaluate("() => chat.channel.countUnread()") == 1


def test_non_member_is_refused_in_the_browser(chat: ChatServer, visitors: Visitors) -> None:
    chat.experience("ann").send_message({"text": "members only"}, "ann")

    eve, entered = visitors.enter("eve")
    sent = eve.evaluate(SEND, "let me in")

    assert (entered, sent) == ("refused 17 403", "refused 17 403")
    assert eve.evaluate(SHOWN) == []


def test_a_removed_member_sees_nothing_more(chat: ChatServer, visitors: Visitors) -> None:
    channel = chat.experience("ann", "bob")
    ann, _ = visitors.enter("ann")
    bob, _ = visitors.enter("bob")

    channel.remove_members(["bob"])
    until_heard(bob, "notification.removed_from_channel")
    ann.evaluate(SEND, "bob is gone")
    until_heard(ann, "message.new", "bob is gone")
    bob.wait_for_timeout(300)

    heard = [kind for kind, _ in bob.evaluate("() => chat.heard")]
    assert heard[-1] == "notification.removed_from_channel"
    assert "bob is gone" not in bob.evaluate(SHOWN)
    assert bob.evaluate(SEND, "may I?").startswith("refused")


def test_an_expired_token_is_replaced_by_the_sdk_itself(
    chat: ChatServer, visitors: Visitors
) -> None:
    chat.experience("ann")
    expired, fresh = chat.token("ann", lifetime_s=-10), chat.token("ann")

    ann, entered = visitors.enter("ann", expired, fresh)

    assert entered == "watching"
    assert ann.evaluate("() => chat.asked()") >= 2
    assert ann.evaluate(SEND, "still here") == "sent"


def test_reactions_and_typing_reach_the_other_browser(chat: ChatServer, visitors: Visitors) -> None:
    chat.experience("ann", "bob")
    ann, _ = visitors.enter("ann")
    bob, _ = visitors.enter("bob")
    ann.evaluate(SEND, "react to me")
    until_heard(bob, "message.new", "react to me")

    bob.evaluate("() => chat.channel.keystroke()")
    react = "(m) => chat.channel.sendReaction(chat.channel.state.messages[0].id, { type: 'like' })"
    bob.evaluate(react)
    until_heard(ann, "typing.start")
    until_heard(ann, "reaction.new", "react to me")

    counts = ann.evaluate("() => chat.channel.state.messages[0].reaction_counts")
    assert counts == {"like": 1}
