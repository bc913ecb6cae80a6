"""The sandbox's R2 answers boto3 as `moto` does: the same calls, the same results."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import boto3
import pytest
from botocore.client import Config
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer
from starlette.applications import Starlette
from starlette.routing import Mount

from sandbox import r2
from sandbox.settings import Settings
from sandbox.state import State
from sandbox.tests.serving import serving

PART = 5 * 1024 * 1024
S3 = Any
Scenario = Callable[[S3], Any]


def client(url: str) -> S3:
    return boto3.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox-r2-secret",
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
    )


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    folder = tmp_path_factory.mktemp("r2")
    settings = Settings(
        sandbox_data=folder,
        r2_bucket="",
        r2_access_key_id="sandbox",
        r2_secret_access_key="sandbox-r2-secret",
    )
    with closing(State(folder / "state.db")) as state:
        app = Starlette(routes=[Mount("/r2", r2.router(state, settings))])
        with serving(app) as url:
            yield client(f"{url}/r2")


@pytest.fixture(scope="module")
def motos() -> Iterator[S3]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield client(f"http://{host}:{port}")
    server.stop()


def outcome(call: Callable[[], Any]) -> Any:
    """The error code and status of a call that must fail."""
    with pytest.raises(ClientError) as refused:
        call()
    error = refused.value.response
    return error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]


def shown(answer: dict[str, Any], *fields: str) -> dict[str, Any]:
    return {field: answer.get(field) for field in fields}


def an_object_comes_back_as_it_was_put(s3: S3) -> Any:
    s3.create_bucket(Bucket="plain")
    put = s3.put_object(
        Bucket="plain",
        Key="a folder/ünïcode+key.mp4",
        Body=b"video",
        ContentType="video/mp4",
        CacheControl="private",
        Metadata={"stream": "42"},
    )
    got = s3.get_object(Bucket="plain", Key="a folder/ünïcode+key.mp4")
    head = s3.head_object(Bucket="plain", Key="a folder/ünïcode+key.mp4")
    known = ("ETag", "ContentLength", "ContentType", "CacheControl", "Metadata", "AcceptRanges")
    return shown(put, "ETag"), got["Body"].read(), shown(got, *known), shown(head, *known)


def a_range_is_cut_out(s3: S3) -> Any:
    s3.create_bucket(Bucket="ranges")
    s3.put_object(Bucket="ranges", Key="k", Body=b"0123456789")
    found = []
    for asked in ("bytes=2-4", "bytes=7-", "bytes=-3", "bytes=0-99"):
        got = s3.get_object(Bucket="ranges", Key="k", Range=asked)
        found.append((got["Body"].read(), got["ContentLength"]))
    past = outcome(lambda: s3.get_object(Bucket="ranges", Key="k", Range="bytes=10-12"))
    return found, past


def unknown_things_are_not_found(s3: S3) -> Any:
    s3.create_bucket(Bucket="unknown")
    return [
        outcome(lambda: s3.get_object(Bucket="unknown", Key="nothing")),
        outcome(lambda: s3.head_object(Bucket="unknown", Key="nothing")),
        outcome(lambda: s3.get_object(Bucket="no-such-bucket", Key="k")),
        outcome(lambda: s3.put_object(Bucket="no-such-bucket", Key="k", Body=b"")),
        outcome(lambda: s3.head_bucket(Bucket="no-such-bucket")),
        outcome(lambda: s3.list_objects_v2(Bucket="no-such-bucket")),
    ]


def deleting_twice_is_fine(s3: S3) -> Any:
    s3.create_bucket(Bucket="deleting")
    s3.put_object(Bucket="deleting", Key="k", Body=b"x")
    full = outcome(lambda: s3.delete_bucket(Bucket="deleting"))
    statuses = [
        s3.delete_object(Bucket="deleting", Key="k")["ResponseMetadata"]["HTTPStatusCode"]
        for _ in range(2)
    ]
    emptied = s3.delete_bucket(Bucket="deleting")["ResponseMetadata"]["HTTPStatusCode"]
    return full, statuses, emptied, outcome(lambda: s3.head_bucket(Bucket="deleting"))


def a_listing_folds_and_pages(s3: S3) -> Any:
    s3.create_bucket(Bucket="listing")
    for key in ("a/1.mp4", "a/2.mp4", "b/1.mp4", "c d.mp4", "e+f.mp4", "ü.mp4"):
        s3.put_object(Bucket="listing", Key=key, Body=key.encode())
    known = ("KeyCount", "IsTruncated", "MaxKeys", "Prefix", "Delimiter", "CommonPrefixes")
    whole = s3.list_objects_v2(Bucket="listing")
    folded = s3.list_objects_v2(Bucket="listing", Delimiter="/")
    inside = s3.list_objects_v2(Bucket="listing", Prefix="a/", Delimiter="/")
    later = s3.list_objects_v2(Bucket="listing", StartAfter="b/1.mp4")
    paged = [
        [item["Key"] for item in page.get("Contents", [])]
        for page in s3.get_paginator("list_objects_v2").paginate(
            Bucket="listing", PaginationConfig={"PageSize": 2}
        )
    ]
    content = [shown(item, "Key", "ETag", "Size", "StorageClass") for item in whole["Contents"]]
    keys = [[item["Key"] for item in page.get("Contents", [])] for page in (folded, inside, later)]
    return content, keys, paged, [shown(page, *known) for page in (whole, folded, inside)]


def parts_become_one_object(s3: S3) -> Any:
    s3.create_bucket(Bucket="parts")
    started = s3.create_multipart_upload(
        Bucket="parts", Key="long.mp4", ContentType="video/mp4", Metadata={"a": "b"}
    )
    upload = {"Bucket": "parts", "Key": "long.mp4", "UploadId": started["UploadId"]}
    bodies = [b"a" * PART, b"b" * PART, b"the end"]
    etags = [
        s3.upload_part(**upload, PartNumber=number, Body=body)["ETag"]
        for number, body in enumerate(bodies, 1)
    ]
    listed = [shown(p, "PartNumber", "ETag", "Size") for p in s3.list_parts(**upload)["Parts"]]
    parts = [{"PartNumber": n, "ETag": etag} for n, etag in enumerate(etags, 1)]
    done = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    got = s3.get_object(Bucket="parts", Key="long.mp4")
    content = hashlib.sha256(got["Body"].read()).hexdigest()
    again = outcome(lambda: s3.list_parts(**upload))
    known = ("ETag", "ContentLength", "ContentType", "Metadata")
    return etags, listed, shown(done, "ETag", "Key", "Bucket"), content, shown(got, *known), again


def wrong_parts_are_refused(s3: S3) -> Any:
    s3.create_bucket(Bucket="wrong")
    started = s3.create_multipart_upload(Bucket="wrong", Key="k")
    upload = {"Bucket": "wrong", "Key": "k", "UploadId": started["UploadId"]}
    etags = [
        s3.upload_part(**upload, PartNumber=number, Body=b"small")["ETag"] for number in (1, 2)
    ]

    def complete(*parts: tuple[int, str]) -> Any:
        listed = [{"PartNumber": number, "ETag": etag} for number, etag in parts]
        return outcome(
            lambda: s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": listed})
        )

    refusals = [
        complete((1, etags[0]), (2, etags[1])),
        complete((1, '"0123456789abcdef0123456789abcdef"')),
    ]
    s3.abort_multipart_upload(**upload)
    gone = outcome(lambda: s3.list_parts(**upload))
    return refusals, gone


def a_checksum_is_kept_and_given_back(s3: S3) -> Any:
    s3.create_bucket(Bucket="sums")
    s3.put_object(Bucket="sums", Key="c", Body=b"video", ChecksumAlgorithm="CRC32")
    s3.put_object(Bucket="sums", Key="s", Body=b"video", ChecksumAlgorithm="SHA256")
    heads = [s3.head_object(Bucket="sums", Key=key, ChecksumMode="ENABLED") for key in ("c", "s")]
    return [shown(head, "ChecksumCRC32", "ChecksumSHA256") for head in heads]


def a_wrong_checksum_is_refused(s3: S3) -> Any:
    s3.create_bucket(Bucket="bad-sums")
    wrong = "AAAAAAAAAAAAAAAAAAAAAA=="
    refused = [
        outcome(lambda: s3.put_object(Bucket="bad-sums", Key="k", Body=b"x", ContentMD5=wrong)),
    ]
    return refused, s3.list_objects_v2(Bucket="bad-sums")["KeyCount"]


def an_object_gives_way_to_the_next(s3: S3) -> Any:
    s3.create_bucket(Bucket="again")
    s3.put_object(Bucket="again", Key="k", Body=b"first")
    s3.put_object(Bucket="again", Key="k", Body=b"second")
    return s3.get_object(Bucket="again", Key="k")["Body"].read()


def conditions_hold_or_refuse(s3: S3) -> Any:
    s3.create_bucket(Bucket="conditions")
    etag = s3.put_object(Bucket="conditions", Key="k", Body=b"x")["ETag"]
    return [
        outcome(lambda: s3.put_object(Bucket="conditions", Key="k", Body=b"y", IfNoneMatch="*")),
        outcome(lambda: s3.get_object(Bucket="conditions", Key="k", IfNoneMatch=etag)),
        outcome(lambda: s3.get_object(Bucket="conditions", Key="k", IfMatch='"other"')),
        s3.get_object(Bucket="conditions", Key="k", IfMatch=etag)["Body"].read(),
    ]


SCENARIOS = (
    an_object_comes_back_as_it_was_put,
    a_range_is_cut_out,
    unknown_things_are_not_found,
    deleting_twice_is_fine,
    a_listing_folds_and_pages,
    parts_become_one_object,
    wrong_parts_are_refused,
    a_checksum_is_kept_and_given_back,
    an_object_gives_way_to_the_next,
    conditions_hold_or_refuse,
)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_the_sandbox_answers_as_moto_does(scenario: Scenario, ours: S3, motos: S3) -> None:
    expected = scenario(motos)

    answered = scenario(ours)

    assert answered == expected


def test_a_wrong_md5_is_refused_as_published_and_nothing_is_stored(ours: S3) -> None:
    refused, count = a_wrong_checksum_is_refused(ours)

    assert refused == [("BadDigest", 400)]
    assert count == 0
