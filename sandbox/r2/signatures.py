"""Signature version 4, checked with botocore's own signer: headers and presigned links."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sandbox.r2.problems import Refused

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_SKEW: Final = timedelta(minutes=15)
_LONGEST_LINK_S: Final = 604_800


@dataclass(frozen=True)
class Keys:
    """The access key and the secret that signs."""

    access_key_id: str
    secret: str


@dataclass(frozen=True)
class Signed:
    """A request as it was signed: raw path and query, and headers in lower case."""

    method: str
    host: str
    path: str
    query: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class _Claim:
    credential: str
    signed_headers: str
    signature: str
    timestamp: str

    def scope(self, keys: Keys) -> tuple[str, str]:
        """Return region and service. Raises Refused for another access key."""
        parts = self.credential.split("/")
        if len(parts) != 5 or parts[4] != "aws4_request":
            raise Refused("InvalidArgument", "the credential is malformed")
        if parts[0] != keys.access_key_id:
            raise Refused("InvalidAccessKeyId")
        return parts[2], parts[3]

    def signed_at(self) -> datetime:
        """Return when the request was signed."""
        try:
            return datetime.strptime(self.timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError:
            raise Refused("AccessDenied", "X-Amz-Date is missing or malformed") from None


def check(keys: Keys, request: Signed, now: datetime) -> None:
    """Refuse a request that is too old, too early, or not signed by our keys."""
    query = dict(parse_qsl(request.query, keep_blank_values=True))
    if "X-Amz-Signature" in query:
        _check_link(keys, request, query, now)
        return
    header = request.headers.get("authorization", "")
    if not header.startswith(_ALGORITHM):
        raise Refused("AccessDenied")
    fields = dict(
        part.strip().partition("=")[::2] for part in header.removeprefix(_ALGORITHM).split(",")
    )
    claim = _Claim(
        fields.get("Credential", ""),
        fields.get("SignedHeaders", ""),
        fields.get("Signature", ""),
        request.headers.get("x-amz-date", ""),
    )
    if abs(now - claim.signed_at()) > _SKEW:
        raise Refused("RequestTimeTooSkewed", "The request was signed too long ago or too early")
    region, service = claim.scope(keys)
    signer = S3SigV4Auth(Credentials(keys.access_key_id, keys.secret), service, region)
    _compare(signer, claim, _as_botocore(request, claim, request.query))


def _check_link(keys: Keys, request: Signed, query: dict[str, str], now: datetime) -> None:
    claim = _Claim(
        query.get("X-Amz-Credential", ""),
        query.get("X-Amz-SignedHeaders", ""),
        query["X-Amz-Signature"],
        query.get("X-Amz-Date", ""),
    )
    lifetime = query.get("X-Amz-Expires", "")
    if not lifetime.isdigit() or not 1 <= int(lifetime) <= _LONGEST_LINK_S:
        raise Refused("AccessDenied", "X-Amz-Expires must be between 1 and 604800 seconds")
    if now > claim.signed_at() + timedelta(seconds=int(lifetime)):
        raise Refused("AccessDenied", "Request has expired")
    region, service = claim.scope(keys)
    signer = S3SigV4QueryAuth(
        Credentials(keys.access_key_id, keys.secret), service, region, int(lifetime)
    )
    kept = [part for part in request.query.split("&") if not part.startswith("X-Amz-Signature=")]
    _compare(signer, claim, _as_botocore(request, claim, "&".join(kept)))


def _as_botocore(request: Signed, claim: _Claim, query: str) -> AWSRequest:
    names = claim.signed_headers.split(";")
    headers = {name: request.headers[name] for name in names if name in request.headers}
    url = f"http://{request.host}{request.path}{'?' if query else ''}{query}"
    signed = AWSRequest(method=request.method, url=url, headers=headers)
    signed.context["timestamp"] = claim.timestamp
    return signed


def _compare(signer: S3SigV4Auth | S3SigV4QueryAuth, claim: _Claim, request: AWSRequest) -> None:
    text = signer.string_to_sign(request, signer.canonical_request(request))
    expected = signer.signature(text, request)
    if not hmac.compare_digest(expected.encode(), claim.signature.encode()):
        raise Refused("SignatureDoesNotMatch")
