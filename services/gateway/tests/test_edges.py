"""Headers, files, limits, words and figures."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from libs.runtime.http.problems import Problem
from libs.web.islands import VIDEO_LABELS
from libs.web.tests.locales import messages_of
from libs.web.texts import SHARED
from services.gateway.browsers import browser_name
from services.gateway.limits import RateLimit
from services.gateway.pages.member import CHAT_LABELS
from services.gateway.pages.purchase import DECLINED, PAY_LABELS
from services.gateway.security import CHAT, LIVE, PAYMENT, policy_of
from services.gateway.tests.builders import ORDER, form_fields, gateway, settings, world

HERE = Path(__file__).parent.parent


def directives(policy: str) -> dict[str, list[str]]:
    parts = [part.split() for part in policy.split("; ")]
    return {name: sources for name, *sources in parts}


def test_a_plain_page_may_load_from_here_alone() -> None:
    policy = directives(policy_of(settings()).for_page(()))

    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == ["'self'"]
    assert policy["frame-ancestors"] == policy["base-uri"] == ["'none'"]
    assert "frame-src" not in policy
    assert not [s for sources in policy.values() for s in sources if "unsafe" in s or s == "*"]


def test_each_need_opens_its_own_origins() -> None:
    policy = policy_of(settings())

    assert directives(policy.for_page([PAYMENT]))["frame-src"] == ["http://localhost:8020"]
    assert directives(policy.for_page([CHAT]))["connect-src"] == [
        "'self'", "http://localhost:8020", "ws://localhost:8020",
    ]  # fmt: skip
    assert directives(policy.for_page([LIVE]))["connect-src"] == [
        "'self'", "http://localhost:8040", "ws://localhost:8040",
    ]  # fmt: skip
    assert directives(policy.for_page([LIVE]))["script-src"] == ["'self'"]


def test_the_real_providers_are_allowed_as_they_publish_it() -> None:
    real = settings(
        stripe_js_url="https://js.stripe.com/v3/",
        stripe_api_url="https://api.stripe.com",
        public_url="https://pass.example",
    )

    policy = directives(policy_of(real).for_page([PAYMENT]))

    assert policy["script-src"] == [
        "'self'", "https://js.stripe.com", "https://*.js.stripe.com",
    ]  # fmt: skip
    assert "https://hooks.stripe.com" in policy["frame-src"]
    assert "https://api.stripe.com" in policy["connect-src"]
    assert policy["upgrade-insecure-requests"] == []


@pytest.mark.parametrize(
    "path", ["/", "/nowhere", "/static/site.css", "/api/x", "/health", f"/a/b/orders/{ORDER}"]
)
async def test_every_answer_carries_the_headers_of_safety(path: str) -> None:
    async with gateway(public_url="https://pass.example") as browser:
        answer = await browser.get(path)

        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["strict-transport-security"].startswith("max-age=31536000")


async def test_http_on_localhost_says_nothing_of_https() -> None:
    async with gateway() as browser:
        answer = await browser.get("/")

        assert "strict-transport-security" not in answer.headers
        assert "upgrade-insecure-requests" not in answer.headers["content-security-policy"]


async def test_a_file_under_its_hash_is_kept_for_ever_and_another_is_asked_for_again() -> None:
    async with gateway() as browser:
        page = await browser.get("/")
        [url] = re.findall(r'href="(/static/site\.css\?v=[0-9a-f]{16})"', page.text)
        hashed = await browser.get(url)
        plain = await browser.get("/static/site.css?v=old")
        unchanged = await browser.get(url, headers={"If-None-Match": hashed.headers["etag"]})

        assert "immutable" in hashed.headers["cache-control"]
        assert plain.headers["cache-control"] == "no-cache"
        assert hashed.headers["content-type"].startswith("text/css")
        assert hashed.headers["content-encoding"] == "gzip"
        assert hashed.text == (HERE / "static/site.css").read_text()
        assert unchanged.status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "../settings.py",
        "..%2fsettings.py",
        "dist%2f..%2fsite.css",
        ".hidden",
        "nothing.css",
        "x/y.js",
        "",
    ],
)
async def test_no_other_file_is_served(path: str) -> None:
    async with gateway() as browser:
        answer = await browser.get(f"/static/{path}")

        assert answer.status_code == 404


async def test_the_icon_is_where_browsers_look() -> None:
    async with gateway() as browser:
        assert (await browser.get("/favicon.ico")).headers["content-type"] == "image/svg+xml"


def test_a_limit_counts_a_minute_and_each_one_apart() -> None:
    now = 0.0
    limit = RateLimit(2, lambda: now)
    limit.check("a")
    now = 30.0
    limit.check("a")

    with pytest.raises(Problem) as refused:
        limit.check("a")
    limit.check("b")
    now = 60.0
    limit.check("a")

    assert (refused.value.status, refused.value.headers) == (429, {"Retry-After": "30"})


async def test_too_many_sign_ins_from_one_address_are_slowed_down() -> None:
    fakes = world()
    fakes.on("identity", "POST /sign-in-codes", {}, 202)
    async with gateway(fakes, sign_in_posts_per_minute=2) as app:
        body = {"email": "ada@example.org"}
        answers = [await app.post("/api/sign-in-codes", json=body) for _ in range(3)]
        app.cookies.clear()

        # The second and third bring the cookie of the first, and no token: they count as forged.
        assert answers[0].status_code == 202
        more = []
        for _ in range(2):
            app.cookies.clear()
            more.append(await app.post("/api/sign-in-codes", json=body))
        assert [each.status_code for each in more] == [202, 429]
        assert more[1].json()["code"] == "too_many_requests"
        assert int(more[1].headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address"),
    [
        ("", "203.0.113.9", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9", "127.0.0.1"),
        ("127.0.0.1, 10.0.0.0/8", "6.6.6.6, 203.0.113.9, 10.2.3.4", "203.0.113.9"),
        ("127.0.0.1", "203.0.113.9, nobody", "127.0.0.1"),
        ("127.0.0.0/8", "2001:db8::1", "2001:db8::1"),
        ("127.0.0.1", "", "127.0.0.1"),
    ],
)
async def test_an_address_is_believed_from_a_trusted_proxy_alone(
    trusted: str, forwarded: str, address: str
) -> None:
    fakes = world()
    fakes.on("identity", "POST /sign-in-codes", {}, 202)
    async with gateway(fakes, trusted_proxies=trusted) as app:
        await app.post(
            "/api/sign-in-codes",
            json={"email": "ada@example.org"},
            headers={"X-Forwarded-For": forwarded},
        )

        [asked] = fakes.calls("identity", "POST /sign-in-codes")
        assert asked.json["network_address"] == address


async def test_a_header_that_stands_before_the_one_of_the_proxy_is_not_believed() -> None:
    fakes = world()
    fakes.on("identity", "POST /sign-in-codes", {}, 202)
    async with gateway(fakes, trusted_proxies="127.0.0.1") as app:
        await app.post(
            "/api/sign-in-codes",
            json={"email": "ada@example.org"},
            headers=[("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-For", "203.0.113.9")],
        )

        [asked] = fakes.calls("identity", "POST /sign-in-codes")
        assert asked.json["network_address"] == "203.0.113.9"


def test_a_proxy_that_is_no_address_is_refused_at_the_start() -> None:
    with pytest.raises(ValidationError, match="trusted_proxies"):
        settings(trusted_proxies="proxy.example.org")


def test_every_text_that_a_page_asks_for_is_there_and_every_text_is_asked_for() -> None:
    sources = [*HERE.rglob("*.html"), *HERE.glob("*.py"), *(HERE / "pages").glob("*.py")]
    code = "\n".join(path.read_text() for path in sources)
    asked = set(re.findall(r'\b(?:t|say|marked|_with_moment)\(\s*(?:visit, )?"([a-z0-9-]+)"', code))
    asked |= {f"pay-{name}" for name in (*PAY_LABELS, "pay")}
    asked |= {f"declined-{name.replace('_', '-')}" for name in DECLINED}
    asked |= {f"chat-{name.replace('_', '-')}" for name in CHAT_LABELS}
    asked |= {f"watch-{name.replace('_', '-')}" for name in VIDEO_LABELS}
    own = set(messages_of(HERE / "locale/en.ftl"))
    there = own | set(messages_of(SHARED / "en.ftl"))
    # These are put together of two parts.
    families = ("problem-", "error-", "sale-", "order-", "offer-price-", "offer-then-",
                "offer-item-", "kind-", "no-access-", "buy-sign-in", "notices-",
                "creator-")  # fmt: skip

    assert {key for key in asked - there if not key.endswith("-")} == set()
    assert {key for key in own - asked if not key.startswith(families)} == set()


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox, Linux",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18 Safari/604",
            "Safari, iPhone",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537 Edg/140", "Edge, Windows"),
        ("curl/8", ""),
    ],
)
def test_a_browser_is_named_in_two_words(user_agent: str, name: str) -> None:
    assert browser_name(user_agent) == name


ODD_BYTES = (b"\xe9", b"\xff\\", b"[", b"\xf0\x9f\x8e\xab")
PASSED_ON = (
    "Accept", "Accept-Language", "Authorization", "Content-Type", "Cookie", "Host",
    "Idempotency-Key", "If-None-Match", "Origin", "User-Agent", "X-Browser-Id", "X-CSRF-Token",
)  # fmt: skip


@pytest.mark.parametrize("name", PASSED_ON)
async def test_no_bytes_in_a_header_are_a_fault_of_ours(name: str) -> None:
    fakes = world()
    fakes.on("admin", "GET /admin", "<h1>Studio</h1>")
    fakes.on("admin", "POST /admin", "<h1>Studio</h1>")
    async with gateway(fakes) as browser:
        browser.sign_in()
        for path in ("/studio/season", "/admin", "/api/me", "/api/orders", "/sign-in"):
            for value in ODD_BYTES:
                seen = await browser.get(path, headers={name: value})
                sent = await browser.post(path, content=b"{}", headers={name: value})

                assert seen.status_code < 500
                assert sent.status_code < 500


async def test_header_bytes_reach_the_service_as_they_came() -> None:
    fakes = world()
    fakes.on("admin", "GET /admin", "<h1>Studio</h1>")
    async with gateway(fakes) as browser:
        await browser.get("/admin", headers={"User-Agent": b"\xe9\xff"})

        [asked] = fakes.calls("admin", "GET /admin")
        assert dict(asked.headers.raw)[b"user-agent"] == b"\xe9\xff"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "path", ["/%00", "/a%0ab/c", "/@%7f", "/account/purchased_spaces/%00", "/api/spaces/%00"]
)
async def test_a_path_that_nothing_can_have_is_not_there(path: str) -> None:
    async with gateway() as browser:
        browser.sign_in()

        assert (await browser.get(path)).status_code == 404


async def test_a_cookie_with_a_line_break_is_nobody_and_is_not_passed_on() -> None:
    async with gateway() as browser:
        answer = await browser.get("/account", headers={"Cookie": r'session="a\012b"'})

        assert answer.status_code == 303
        assert browser.fakes.asked == []


async def test_a_form_in_an_encoding_of_its_own_is_no_fault_of_ours() -> None:
    async with gateway() as browser:
        fields = form_fields(await browser.get("/sign-in"), "/sign-in")
        half = {"email": r"\ud800@example.com", "next": r"/\ud800", "idempotency_key": r"\u20ac"}
        parts = "".join(
            f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in (fields | half).items()
        )
        for sent in (parts, parts.replace(fields["csrf_token"], r"\ud800")):
            answer = await browser.post(
                "/sign-in",
                content=f"{sent}--x--\r\n".encode(),
                headers={"Content-Type": "multipart/form-data; boundary=x; charset=unicode_escape"},
            )

            assert 400 <= answer.status_code < 500
