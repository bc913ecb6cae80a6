"""Twirp's envelope: a protobuf or JSON body in, a message or an error object out."""

import json
from typing import Any, Final

from google.protobuf.json_format import MessageToJson, Parse, ParseError
from google.protobuf.message import DecodeError, Message
from starlette.requests import Request
from starlette.responses import Response

_PROTOBUF: Final = "application/protobuf"
_JSON: Final = "application/json"
# The part of Twirp's own table of codes that is used here.
_STATUS: Final = {
    "bad_route": 404,
    "failed_precondition": 412,
    "invalid_argument": 400,
    "malformed": 400,
    "not_found": 404,
    "unauthenticated": 401,
    "unavailable": 503,
}


class TwirpProblem(Exception):
    """A refusal by the server: a Twirp code and a sentence."""

    def __init__(self, code: str, message: str, meta: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.meta = meta


def bad_route(request: Request, message: str) -> TwirpProblem:
    """Return the error for an unknown path, method or content type."""
    path = request.url.path[request.url.path.index("/twirp") :]
    route = f"{request.method} {path}"
    return TwirpProblem("bad_route", message, {"twirp_invalid_route": route})


async def read(request: Request, kind: type[Message]) -> Message:
    """Return the request's message. Raises TwirpProblem (bad_route, malformed)."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip()
    body = await request.body()
    if content_type == _PROTOBUF:
        try:
            return kind.FromString(body)
        except DecodeError:
            message = "the protobuf request could not be decoded"
            raise TwirpProblem("malformed", message) from None
    if content_type == _JSON:
        try:
            return Parse(body, kind(), ignore_unknown_fields=True)
        except (ParseError, UnicodeDecodeError):
            raise TwirpProblem("malformed", "the json request could not be decoded") from None
    raise bad_route(request, f'unexpected Content-Type: "{content_type}"')


def answer(request: Request, message: Message) -> Response:
    """Return a message in the format of the request."""
    if request.headers.get("content-type", "").startswith(_JSON):
        text = MessageToJson(
            message,
            preserving_proto_field_name=True,
            always_print_fields_with_no_presence=True,
            indent=None,
        )
        return Response(text, media_type=_JSON)
    return Response(message.SerializeToString(), media_type=_PROTOBUF)


def refuse(problem: TwirpProblem) -> Response:
    """Return the error object; errors are JSON whatever the request was.

    The real server's own refusals pass through a second layer, which shows in their text.
    """
    passed_on = ("not_found", "unavailable")
    prefix = "twirp error unknown: " if problem.code in passed_on else ""
    body: dict[str, Any] = {"code": problem.code, "msg": f"{prefix}{problem}"}
    if problem.meta:
        body["meta"] = problem.meta
    return Response(json.dumps(body), _STATUS[problem.code], media_type=_JSON)
