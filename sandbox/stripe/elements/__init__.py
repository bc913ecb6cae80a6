"""The browser's side: the script that a page loads and the frames that it opens."""

from pathlib import Path

from starlette.responses import PlainTextResponse, Response

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'"
)
"""The frames' content security policy. Any page may frame them, as with the real Elements."""

_FOLDER = Path(__file__).parent
_TYPES = {
    "card.html": "text/html",
    "card.js": "text/javascript",
    "card.css": "text/css",
    "challenge.js": "text/javascript",
    "challenge.css": "text/css",
}
_CONTENT = {name: (_FOLDER / name).read_text(encoding="utf-8") for name in _TYPES}
_PARTS = [(_FOLDER / f"v3_{part}.js").read_text() for part in ("elements", "payments")]
_TYPES["v3.js"] = "text/javascript"
_CONTENT["v3.js"] = "".join(["(() => {\n", *_PARTS, "})();\n"])


def served(name: str) -> Response:
    """Return one file of the script's folder, or 404."""
    if name not in _CONTENT:
        return PlainTextResponse("There is no such file.", 404)
    headers = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}
    if name.endswith(".html"):
        headers["content-security-policy"] = PAGE_POLICY
    else:
        headers["access-control-allow-origin"] = "*"
    return Response(_CONTENT[name], 200, headers, _TYPES[name])
