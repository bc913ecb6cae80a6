"""S3's errors: a code, its status, and a sentence, in XML."""

from typing import Final
from xml.sax.saxutils import escape

from starlette.responses import Response

_STATUS: Final = {
    "AccessDenied": 403,
    "BadDigest": 400,
    "BucketAlreadyOwnedByYou": 409,
    "BucketNotEmpty": 409,
    "EntityTooSmall": 400,
    "IncompleteBody": 400,
    "InvalidAccessKeyId": 403,
    "InvalidArgument": 400,
    "InvalidBucketName": 400,
    "InvalidDigest": 400,
    "InvalidPart": 400,
    "InvalidPartOrder": 400,
    "InvalidRange": 416,
    "InvalidRequest": 400,
    "KeyTooLongError": 400,
    "MalformedXML": 400,
    "MethodNotAllowed": 405,
    "MissingContentLength": 411,
    "NoSuchBucket": 404,
    "NoSuchKey": 404,
    "NoSuchUpload": 404,
    "NotImplemented": 501,
    "PreconditionFailed": 412,
    "RequestTimeTooSkewed": 403,
    "ServiceUnavailable": 503,
    "SignatureDoesNotMatch": 403,
    "XAmzContentSHA256Mismatch": 400,
}
_MESSAGES: Final = {
    "AccessDenied": "Access Denied",
    "BadDigest": "The Content-MD5 or checksum you specified did not match what we received.",
    "BucketAlreadyOwnedByYou": "You already own the bucket you tried to create.",
    "BucketNotEmpty": "The bucket you tried to delete is not empty",
    "EntityTooSmall": "Your proposed upload is smaller than the minimum allowed object size.",
    "InvalidAccessKeyId": "The access key Id you provided does not exist in our records.",
    "InvalidBucketName": "The specified bucket is not valid.",
    "InvalidDigest": "The Content-MD5 you specified was invalid.",
    "InvalidPart": (
        "One or more of the specified parts could not be found. The part may not have been "
        "uploaded, or the specified entity tag may not match the part's entity tag."
    ),
    "InvalidPartOrder": "The list of parts was not in ascending order.",
    "InvalidRange": "The requested range is not satisfiable",
    "MalformedXML": "The XML you provided was not well-formed.",
    "NoSuchBucket": "The specified bucket does not exist",
    "NoSuchKey": "The specified key does not exist.",
    "NoSuchUpload": "The specified multipart upload does not exist.",
    "NotImplemented": "This operation is not offered here.",
    "PreconditionFailed": "At least one of the pre-conditions you specified did not hold",
    "ServiceUnavailable": "The disk of the sandbox is full: make room. Nothing was kept of this.",
    "SignatureDoesNotMatch": (
        "The request signature we calculated does not match the signature you provided."
    ),
}


class Refused(Exception):
    """One published error of S3."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or _MESSAGES.get(code, code))
        self.code = code
        self.status = _STATUS[code]


def error(refused: Refused, resource: str, *, with_body: bool) -> Response:
    """Return the error document; an answer to HEAD has no body.

    It closes the connection: a client that waits for "100 Continue" never sends the body of a
    refused request, and the next request must not be read as that body.
    """
    closing = {"connection": "close"}
    if not with_body:
        return Response(status_code=refused.status, headers=closing)
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{refused.code}</Code><Message>{escape(str(refused))}</Message>"
        f"<Resource>{escape(resource)}</Resource><RequestId>sandbox</RequestId></Error>"
    )
    return Response(body, refused.status, headers=closing, media_type="application/xml")
