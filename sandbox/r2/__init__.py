"""Cloudflare R2 as S3 clients use it, as far as recordings need it.

Owns: buckets, objects on disk, unfinished multipart uploads. Never does: accept or return bytes
without a valid signature, or store bytes whose checksum is wrong. Left out: bucket rules, versions,
copies, access lists, signed chunks.
"""

import asyncio
import errno
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from re import fullmatch
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.r2 import multipart, objects
from sandbox.r2.bodies import Received, receive
from sandbox.r2.documents import document
from sandbox.r2.listing import list_objects
from sandbox.r2.problems import Refused, error
from sandbox.r2.signatures import Keys, Signed, check
from sandbox.r2.store import Store
from sandbox.settings import Settings
from sandbox.state import Document, State, StorageFull

_METHODS: Final = ["GET", "HEAD", "PUT", "POST", "DELETE"]
_LONGEST_KEY: Final = 1024
# Only these queries are served; any other names an operation that is not offered here.
_SUBRESOURCES: Final = frozenset(
    {"acl", "cors", "delete", "lifecycle", "policy", "tagging", "versioning", "versions"}
    | {"encryption", "object-lock", "website", "notification", "attributes", "torrent"}
)


def router(state: State, settings: Settings) -> Starlette:
    store = Store(state, settings.sandbox_data / "r2")
    keys = Keys(settings.r2_access_key_id, settings.r2_secret_access_key)
    if settings.r2_bucket and not store.has_bucket(settings.r2_bucket):
        store.create_bucket(settings.r2_bucket, _stamp())
    api = _Api(store)
    browsers = Middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=_METHODS,
        allow_headers=["*"],
        expose_headers=["ETag"],
    )
    return Starlette(
        routes=[
            Route("/", _signed(keys, api.service), methods=_METHODS),
            Route("/{bucket}", _signed(keys, api.bucket), methods=_METHODS),
            Route("/{bucket}/", _signed(keys, api.bucket), methods=_METHODS),
            Route("/{bucket}/{key:path}", _signed(keys, api.object), methods=_METHODS),
        ],
        middleware=[browsers],
    )


Endpoint = Callable[[Request], Awaitable[Response]]


def _signed(keys: Keys, endpoint: Endpoint) -> Endpoint:
    async def checked(request: Request) -> Response:
        try:
            check(keys, _as_signed(request), datetime.now(UTC))
            _require_served(request.query_params)
            return await endpoint(request)
        except Refused as refused:
            return error(refused, request.url.path, with_body=request.method != "HEAD")
        except (StorageFull, OSError) as fault:
            if isinstance(fault, OSError) and fault.errno != errno.ENOSPC:
                raise
            no_room = Refused("ServiceUnavailable")
            return error(no_room, request.url.path, with_body=request.method != "HEAD")

    return checked


def _require_served(query: Mapping[str, str]) -> None:
    if _SUBRESOURCES & set(query):
        raise Refused("NotImplemented")


def _as_signed(request: Request) -> Signed:
    raw_path = request.scope.get("raw_path") or request.url.path.encode()
    return Signed(
        method=request.method,
        host=request.headers.get("host", ""),
        path=raw_path.decode("latin-1").partition("?")[0],
        query=request.scope["query_string"].decode("latin-1"),
        headers={name.lower(): value for name, value in request.headers.items()},
    )


def _stamp() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@dataclass(frozen=True)
class _Place:
    bucket: str
    key: str


class _Api:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def service(self, request: Request) -> Response:
        """GET /: the buckets."""
        if request.method != "GET":
            raise Refused("MethodNotAllowed", "only GET is served here")
        buckets = [
            {"Name": bucket["name"], "CreationDate": bucket["created_at"]}
            for bucket in self._store.buckets()
        ]
        owner = {"ID": "sandbox", "DisplayName": "sandbox"}
        return document("ListAllMyBucketsResult", {"Owner": owner, "Buckets": {"Bucket": buckets}})

    async def bucket(self, request: Request) -> Response:
        """Create, find, list or delete a bucket."""
        name = request.path_params["bucket"]
        if request.method == "PUT":
            return self._create_bucket(name)
        self._store.require_bucket(name)
        if request.method == "HEAD":
            return Response()
        if request.method == "DELETE":
            self._store.delete_bucket(name)
            return Response(status_code=204)
        query = request.query_params
        if request.method == "GET" and "location" in query:
            return document("LocationConstraint", {})
        if request.method == "GET" and query.get("list-type") == "2":
            return list_objects(name, self._store.objects_in(name), query)
        raise Refused("NotImplemented")

    def _create_bucket(self, name: str) -> Response:
        if not fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name):
            raise Refused("InvalidBucketName")
        if self._store.has_bucket(name):
            raise Refused("BucketAlreadyOwnedByYou")
        self._store.create_bucket(name, _stamp())
        return Response(headers={"location": f"/{name}"})

    async def object(self, request: Request) -> Response:
        """The operations on one key."""
        place = _Place(request.path_params["bucket"], request.path_params["key"])
        if len(place.key.encode()) > _LONGEST_KEY:
            raise Refused("KeyTooLongError", "Your key is too long")
        query = request.query_params
        if "uploadId" in query or "uploads" in query:
            return await self._multipart(request, place, query)
        if request.method in ("GET", "HEAD"):
            return self._read(request, place)
        if request.method == "PUT":
            return await self._write(request, place)
        if request.method == "DELETE":
            self._store.require_bucket(place.bucket)
            self._store.delete(place.bucket, place.key)
            return Response(status_code=204)
        raise Refused("NotImplemented")

    def _read(self, request: Request, place: _Place) -> Response:
        found = self._store.get(place.bucket, place.key)
        return objects.respond(
            found,
            self._store.file(found),
            request.headers,
            request.query_params,
            with_body=request.method == "GET",
        )

    async def _write(self, request: Request, place: _Place) -> Response:
        self._store.require_bucket(place.bucket)
        if "x-amz-copy-source" in request.headers:
            raise Refused("NotImplemented", "copies are not offered here")
        found = self._store.find(place.bucket, place.key)
        objects.require_conditions(found, request.headers)
        received = await self._receive(request)
        etag = f'"{received.md5.hex()}"'
        self._store.put(
            place.bucket,
            {
                "key": place.key,
                "file": received.file.name,
                "size": received.size,
                "etag": etag,
                "checksums": received.checksums,
                "last_modified": _stamp(),
                **objects.fields_of(request.headers),
            },
        )
        return Response(headers={"etag": etag, **_checksum_headers(received)})

    async def _receive(self, request: Request) -> Received:
        chunked = "chunked" in request.headers.get("transfer-encoding", "")
        if "content-length" not in request.headers and not chunked:
            message = "You must provide the Content-Length HTTP header."
            raise Refused("MissingContentLength", message)
        return await receive(request.stream(), request.headers, self._store.new_file())

    async def _multipart(
        self, request: Request, place: _Place, query: Mapping[str, str]
    ) -> Response:
        if request.method == "POST" and "uploads" in query:
            return self._start_upload(request, place)
        upload = self._store.upload(place.bucket, place.key, query.get("uploadId", ""))
        if request.method == "PUT":
            return await self._take_part(request, upload, query)
        if request.method == "POST":
            return await self._complete(request, place, upload)
        if request.method == "DELETE":
            self._store.end_upload(upload["upload_id"])
            return Response(status_code=204)
        if request.method == "GET":
            return _list_parts(place, upload, self._store.parts_of(upload["upload_id"]))
        raise Refused("NotImplemented")

    def _start_upload(self, request: Request, place: _Place) -> Response:
        self._store.require_bucket(place.bucket)
        upload_id = self._store.start_upload(
            {
                "bucket": place.bucket,
                "key": place.key,
                **objects.fields_of(request.headers),
            }
        )
        return document(
            "InitiateMultipartUploadResult",
            {"Bucket": place.bucket, "Key": place.key, "UploadId": upload_id},
        )

    async def _take_part(
        self, request: Request, upload: Document, query: Mapping[str, str]
    ) -> Response:
        number = multipart.part_number(query.get("partNumber", ""))
        received = await self._receive(request)
        self._store.put_part(
            upload["upload_id"],
            {
                "number": number,
                "file": received.file.name,
                "size": received.size,
                "etag": received.md5.hex(),
                "last_modified": _stamp(),
            },
        )
        etag = f'"{received.md5.hex()}"'
        return Response(headers={"etag": etag, **_checksum_headers(received)})

    async def _complete(self, request: Request, place: _Place, upload: Document) -> Response:
        wanted = multipart.wanted_parts(await request.body())
        joined = await asyncio.to_thread(multipart.join, self._store, upload, wanted)
        finished = {"key": place.key, "headers": upload["headers"], "checksums": {}}
        self._store.put(place.bucket, {**finished, **joined, "last_modified": _stamp()})
        self._store.end_upload(upload["upload_id"])
        return document(
            "CompleteMultipartUploadResult",
            {
                "Location": str(request.url.replace(query="")),
                "Bucket": place.bucket,
                "Key": place.key,
                "ETag": joined["etag"],
            },
        )


def _checksum_headers(received: Received) -> dict[str, str]:
    return {f"x-amz-checksum-{name}": value for name, value in received.checksums.items()}


def _list_parts(place: _Place, upload: Document, parts: list[Document]) -> Response:
    return document(
        "ListPartsResult",
        {
            "Bucket": place.bucket,
            "Key": place.key,
            "UploadId": upload["upload_id"],
            "IsTruncated": False,
            "Part": [
                {
                    "PartNumber": part["number"],
                    "LastModified": part["last_modified"],
                    "ETag": f'"{part["etag"]}"',
                    "Size": part["size"],
                }
                for part in parts
            ],
        },
    )
