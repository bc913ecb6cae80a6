"""R2 in the sandbox, as boto3 and a browser with a signed link use it."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.client import Config
from botocore.exceptions import ClientError
from starlette.applications import Starlette
from starlette.routing import Mount

from sandbox import r2
from sandbox.settings import Settings
from sandbox.state import State
from sandbox.tests.serving import serving

PART = 5 * 1024 * 1024


SECRET = "sandbox-r2-secret"


def client(url: str, secret: str = SECRET, key_id: str = "sandbox") -> Any:
    return boto3.client(
        "s3",
        endpoint_url=f"{url}/r2",
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        region_name="auto",
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
    )


@contextmanager
def running(folder: Path) -> Iterator[str]:
    settings = Settings(
        sandbox_data=folder, r2_access_key_id="sandbox", r2_secret_access_key=SECRET
    )
    with closing(State(folder / "state.db")) as state:
        app = Starlette(routes=[Mount("/r2", r2.router(state, settings))])
        with serving(app) as url:
            yield url


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with running(tmp_path) as url:
        yield url


def code_of(refused: pytest.ExceptionInfo[ClientError]) -> str:
    return str(refused.value.response["Error"]["Code"])


def test_a_request_signed_with_another_secret_is_refused_and_stores_nothing(url: str) -> None:
    stranger = client(url, secret="not-the-secret")

    with pytest.raises(ClientError) as refused:
        stranger.put_object(Bucket="recordings", Key="k", Body=b"x")

    assert code_of(refused) == "SignatureDoesNotMatch"
    assert client(url).list_objects_v2(Bucket="recordings")["KeyCount"] == 0


def test_an_unknown_access_key_is_refused(url: str) -> None:
    stranger = client(url, key_id="somebody")

    with pytest.raises(ClientError) as refused:
        stranger.list_objects_v2(Bucket="recordings")

    assert code_of(refused) == "InvalidAccessKeyId"


def test_a_request_without_any_signature_is_refused(url: str) -> None:
    answer = httpx.get(f"{url}/r2/recordings/k")

    assert answer.status_code == 403
    assert "<Code>AccessDenied</Code>" in answer.text


def test_a_signed_link_opens_one_object_and_no_other(url: str) -> None:
    s3 = client(url)
    s3.put_object(Bucket="recordings", Key="a b/1.mp4", Body=b"video", ContentType="video/mp4")
    link = s3.generate_presigned_url(
        "get_object", Params={"Bucket": "recordings", "Key": "a b/1.mp4"}, ExpiresIn=60
    )

    opened = httpx.get(link, headers={"Range": "bytes=1-2"})
    elsewhere = httpx.get(link.replace("1.mp4", "2.mp4"))
    forged = httpx.get(link[:-1] + ("0" if link[-1] != "0" else "1"))

    assert (opened.status_code, opened.content) == (206, b"id")
    assert opened.headers["content-range"] == "bytes 1-2/5"
    assert "SignatureDoesNotMatch" in elsewhere.text
    assert "SignatureDoesNotMatch" in forged.text


def test_a_signed_link_ends_with_its_time(url: str) -> None:
    s3 = client(url)
    s3.put_object(Bucket="recordings", Key="k", Body=b"x")
    link = s3.generate_presigned_url(
        "get_object", Params={"Bucket": "recordings", "Key": "k"}, ExpiresIn=60
    )
    date = httpx.URL(link).params["X-Amz-Date"]
    long_ago = link.replace(date, "20200101T000000Z")

    answer = httpx.get(long_ago)

    assert answer.status_code == 403
    assert "Request has expired" in answer.text


def test_a_browser_may_upload_by_a_signed_link(url: str) -> None:
    s3 = client(url)
    link = s3.generate_presigned_url(
        "put_object", Params={"Bucket": "recordings", "Key": "up"}, ExpiresIn=60
    )

    answer = httpx.put(link, content=b"from a page", headers={"Origin": "http://localhost:8000"})

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert s3.get_object(Bucket="recordings", Key="up")["Body"].read() == b"from a page"


def test_a_large_file_goes_up_in_parts_by_the_transfer_manager(url: str, tmp_path: Path) -> None:
    s3 = client(url)
    source = tmp_path / "recording.mp4"
    source.write_bytes(bytes(range(256)) * 40_000 * 2)

    s3.upload_file(str(source), "recordings", "recording.mp4")
    s3.download_file("recordings", "recording.mp4", str(tmp_path / "back.mp4"))

    assert (tmp_path / "back.mp4").read_bytes() == source.read_bytes()
    assert s3.head_object(Bucket="recordings", Key="recording.mp4")["ETag"].endswith('-3"')


def test_a_chunked_body_with_a_trailing_checksum_is_unpacked(url: str) -> None:
    body = b"5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n"
    wrong = body.replace(b"DUoRhQ==", b"AAAAAA==")
    headers = {
        "content-encoding": "aws-chunked",
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-trailer": "x-amz-checksum-crc32",
        "x-amz-decoded-content-length": "11",
    }
    s3 = client(url)
    place = {"Bucket": "recordings", "Key": "chunked"}
    link = s3.generate_presigned_url("put_object", Params=place, ExpiresIn=60)

    taken = httpx.put(link, content=body, headers=headers)
    refused = httpx.put(link, content=wrong, headers=headers)

    assert taken.status_code == 200, taken.text
    assert s3.get_object(**place)["Body"].read() == b"hello world"
    assert "BadDigest" in refused.text


def test_parts_out_of_order_or_of_different_sizes_are_refused(url: str) -> None:
    s3 = client(url)
    upload_id = s3.create_multipart_upload(Bucket="recordings", Key="k")["UploadId"]
    upload = {"Bucket": "recordings", "Key": "k", "UploadId": upload_id}
    sizes = (PART, PART + 1, 1)
    parts = [
        {
            "PartNumber": number,
            "ETag": s3.upload_part(**upload, PartNumber=number, Body=b"x" * size)["ETag"],
        }
        for number, size in enumerate(sizes, 1)
    ]

    with pytest.raises(ClientError) as backwards:
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts[::-1]})
    with pytest.raises(ClientError) as uneven:
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})

    assert code_of(backwards) == "InvalidPartOrder"
    assert code_of(uneven) == "InvalidPart"


def test_objects_and_unfinished_uploads_survive_a_restart(tmp_path: Path) -> None:
    with running(tmp_path) as url:
        s3 = client(url)
        s3.put_object(Bucket="recordings", Key="k", Body=b"kept", Metadata={"stream": "42"})
        upload_id = s3.create_multipart_upload(Bucket="recordings", Key="long")["UploadId"]
        upload = {"Bucket": "recordings", "Key": "long", "UploadId": upload_id}
        etag = s3.upload_part(**upload, PartNumber=1, Body=b"one")["ETag"]

    with running(tmp_path) as url:
        s3 = client(url)
        parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
        s3.complete_multipart_upload(**upload, MultipartUpload=parts)
        kept = s3.get_object(Bucket="recordings", Key="k")
        finished = s3.get_object(Bucket="recordings", Key="long")

    assert (kept["Body"].read(), kept["Metadata"]) == (b"kept", {"stream": "42"})
    assert finished["Body"].read() == b"one"


def test_a_body_cut_short_leaves_the_older_object_and_no_file(url: str, tmp_path: Path) -> None:
    s3 = client(url)
    s3.put_object(Bucket="recordings", Key="k", Body=b"whole")
    link = s3.generate_presigned_url(
        "put_object", Params={"Bucket": "recordings", "Key": "k"}, ExpiresIn=60
    )
    headers = {
        "content-encoding": "aws-chunked",
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": "5",
    }

    answer = httpx.put(link, content=b"5\r\nhel", headers=headers)

    assert "IncompleteBody" in answer.text
    assert s3.get_object(Bucket="recordings", Key="k")["Body"].read() == b"whole"
    assert len(list((tmp_path / "r2").iterdir())) == 1


def test_two_writers_of_one_key_leave_one_whole_object(url: str, tmp_path: Path) -> None:
    bodies = [b"a" * PART, b"b" * PART]

    def put(body: bytes) -> None:
        client(url).put_object(Bucket="recordings", Key="k", Body=body)

    writers = [threading.Thread(target=put, args=(body,)) for body in bodies]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert client(url).get_object(Bucket="recordings", Key="k")["Body"].read() in bodies
    assert len(list((tmp_path / "r2").iterdir())) == 1
