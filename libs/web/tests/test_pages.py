"""Pages, files and headers of an edge that is made of what all edges share."""

from pathlib import Path

import pytest
from fastapi import Request

from libs.runtime.http.problems import Problem
from libs.web.assets import Assets
from libs.web.clients import ServiceRefused, Services
from libs.web.rendering import Rendering
from libs.web.security import Policy, http_and_socket, live_media
from libs.web.texts import Translations
from libs.web.visit import Language, PageVisit


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("templates", "static", "dist", "locale"):
        (tmp_path / name).mkdir()
    (tmp_path / "templates/layout.html").write_text('{% extends "page.html" %}')
    (tmp_path / "templates/page_of_ours.html").write_text(
        '{% extends "layout.html" %}{% block main %}'
        "<p>{{ said }} {{ money(2500, 'EUR') }} {{ twice(2) }}</p>"
        '{{ ui.field("name", "Name", {"name": typed}, {"name": wrong}, hint="Hint") }}'
        '{{ ui.crumbs(("/a", "A"), ("/b", "B")) }}{{ ui.guard(3) }}{% endblock %}'
    )
    (tmp_path / "static/own.css").write_text("a {}")
    (tmp_path / "static/mark.svg").write_text("<svg/>")
    (tmp_path / "dist/island.js").write_text("1")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "locale/en.ftl").write_text(
        "problem-sold-out = Sold out, sorry.\nerror-home = Home\n"
    )
    (tmp_path / "locale/de.ftl").write_text("problem-sold-out = Leider weg.\nerror-home = Heim\n")
    return tmp_path


def assets_of(folder: Path) -> Assets:
    return Assets("/files", [folder / "static"], islands=folder / "dist")


def visit_in(folder: Path, language: str) -> PageVisit:
    headers = [(b"accept-language", language.encode())]
    scope = {"type": "http", "method": "GET", "path": "/here", "query_string": b"a=1"}
    request = Request(scope | {"headers": headers, "server": ("edge", 80), "scheme": "http"})
    translations = Translations(folder / "locale")
    return PageVisit(
        request=request,
        language=Language.of(translations, request),
        ask=Services({}).asked_by(None),
        rendering=Rendering(folder / "templates", assets_of(folder), {"twice": lambda n: 2 * n}),
        csrf_token="the-token",
    )


def test_a_page_speaks_the_viewers_language_in_text_and_figures(folder: Path) -> None:
    given = {"home": "/", "said": "<b>", "typed": "&", "wrong": None}

    german = bytes(visit_in(folder, "de").page("page_of_ours.html", given).body).decode()
    english = bytes(visit_in(folder, "en-US").page("page_of_ours.html", given).body).decode()

    assert '<html lang="de">' in german
    assert "Zum Inhalt springen" in german
    assert "<p>&lt;b&gt; 25,00\xa0€ 4</p>" in german
    assert '<html lang="en">' in english
    assert "<p>&lt;b&gt; €25.00 4</p>" in english


def test_a_field_is_bound_to_its_hint_and_its_error(folder: Path) -> None:
    given = {"home": "/", "said": "", "typed": '"typed"', "wrong": "Wrong"}

    page = bytes(visit_in(folder, "en").page("page_of_ours.html", given).body).decode()

    assert 'value="&#34;typed&#34;" aria-describedby="name-hint name-error"' in page
    assert 'aria-invalid="true"' in page
    assert '<p class="error" id="name-error">Wrong</p>' in page
    assert '<a href="/a">A</a><a href="/b">B</a></nav>' in page
    assert 'name="csrf_token" value="the-token"' in page
    assert 'name="expected_version" value="3"' in page


@pytest.mark.parametrize(
    ("language", "code", "told"),
    [
        ("en", "sold_out", "Sold out, sorry."),
        ("de", "sold_out", "Leider weg."),
        ("en", "quite_new", "A title of the service"),
        ("de", "quite_new", "Das hat nicht geklappt. Bitte versuche es noch einmal."),
    ],
)
def test_a_refusal_is_told_in_the_viewers_language(
    folder: Path, language: str, code: str, told: str
) -> None:
    refused = ServiceRefused(409, code, "A title of the service")

    assert visit_in(folder, language).told(refused) == told


def test_errors_stand_beside_the_fields_of_our_form() -> None:
    refused = ServiceRefused(
        422,
        "invalid",
        errors=[
            {"field": "terms.price_minor", "message": "Too little"},
            {"field": "terms.stock", "message": "Too many"},
            {"field": "terms.stock", "message": "Only the first counts"},
        ],
    )

    assert refused.errors_by_field({"terms.price_minor": "price"}) == {
        "price": "Too little",
        "stock": "Too many",
    }


def test_files_of_the_edge_come_before_those_of_all_edges(folder: Path) -> None:
    assets = assets_of(folder)

    own, shared, island = (
        assets.find(each) for each in ("mark.svg", "tokens.css", "dist/island.js")
    )

    assert own is not None
    assert own.body == b"<svg/>"
    assert shared is not None
    assert b"--accent" in shared.body
    assert island is not None
    assert assets.url("own.css").startswith("/files/own.css?v=")


@pytest.mark.parametrize(
    "name", ["../secret.txt", "dist/../secret.txt", ".hidden", "", "x/own.css"]
)
def test_no_other_file_is_served(folder: Path, name: str) -> None:
    (folder / "static/.hidden").write_text("hidden")
    request = Request({"type": "http", "headers": []})

    with pytest.raises(Problem) as refused:
        assets_of(folder).answer(name, request)

    assert refused.value.status == 404


def test_a_page_may_load_what_it_needs_and_no_more() -> None:
    policy = Policy({"live": live_media("wss://video.example/rtc")}, is_https=True)

    plain, live = policy.for_page(), policy.for_page(["live"])

    assert "video.example" not in plain
    assert "connect-src 'self' https://video.example wss://video.example;" in live
    assert "upgrade-insecure-requests" in plain
    assert "Strict-Transport-Security" in policy.headers()
    assert "Strict-Transport-Security" not in Policy({}, is_https=False).headers()
    assert http_and_socket("") == []
