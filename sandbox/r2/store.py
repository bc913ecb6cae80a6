"""Buckets, objects and unfinished uploads: their documents and their files."""

import uuid
from pathlib import Path

from sandbox.r2.problems import Refused
from sandbox.state import Document, State


class Store:
    """Object data lies in files that are never rewritten; documents point to them."""

    def __init__(self, state: State, folder: Path) -> None:
        self._state = state
        self._folder = folder
        self._buckets = state.collection("r2.buckets")
        self._uploads = state.collection("r2.uploads")
        folder.mkdir(parents=True, exist_ok=True)

    def new_file(self) -> Path:
        """Return an unused path."""
        return self._folder / uuid.uuid4().hex

    def create_bucket(self, name: str, created_at: str) -> None:
        self._buckets.put(name, {"name": name, "created_at": created_at})

    def buckets(self) -> list[Document]:
        return self._buckets.all()

    def has_bucket(self, name: str) -> bool:
        return self._buckets.get(name) is not None

    def require_bucket(self, name: str) -> None:
        """Raise Refused (NoSuchBucket) if it does not exist."""
        if not self.has_bucket(name):
            raise Refused("NoSuchBucket")

    def delete_bucket(self, name: str) -> None:
        """Delete an empty bucket. Raises Refused (BucketNotEmpty)."""
        if self.objects_in(name):
            raise Refused("BucketNotEmpty")
        self._buckets.delete(name)

    def objects_in(self, bucket: str) -> list[Document]:
        """Return a bucket's objects in the order of their keys' bytes."""
        documents = self._state.collection(f"r2.objects.{bucket}").all()
        return sorted(documents, key=lambda document: str(document["key"]).encode())

    def find(self, bucket: str, key: str) -> Document | None:
        return self._state.collection(f"r2.objects.{bucket}").get(key)

    def get(self, bucket: str, key: str) -> Document:
        """Return an object. Raises Refused (NoSuchBucket, NoSuchKey)."""
        self.require_bucket(bucket)
        document = self.find(bucket, key)
        if document is None:
            raise Refused("NoSuchKey")
        return document

    def put(self, bucket: str, document: Document) -> None:
        """Store an object whose file is complete; the former file is deleted."""
        objects = self._state.collection(f"r2.objects.{bucket}")
        before = objects.get(document["key"])
        objects.put(document["key"], document)
        if before is not None:
            self.file(before).unlink(missing_ok=True)

    def delete(self, bucket: str, key: str) -> None:
        """Delete an object and its file, if it exists."""
        document = self.find(bucket, key)
        if document is not None:
            self._state.collection(f"r2.objects.{bucket}").delete(key)
            self.file(document).unlink(missing_ok=True)

    def file(self, document: Document) -> Path:
        """Return the file of an object or a part."""
        return self._folder / str(document["file"])

    def start_upload(self, document: Document) -> str:
        """Store a multipart upload; returns its id."""
        upload_id = uuid.uuid4().hex
        self._uploads.put(upload_id, {**document, "upload_id": upload_id})
        return upload_id

    def upload(self, bucket: str, key: str, upload_id: str) -> Document:
        """Return an unfinished upload. Raises Refused (NoSuchBucket, NoSuchUpload)."""
        self.require_bucket(bucket)
        document = self._uploads.get(upload_id)
        if document is None or (document["bucket"], document["key"]) != (bucket, key):
            raise Refused("NoSuchUpload")
        return document

    def put_part(self, upload_id: str, part: Document) -> None:
        """Store a part; it replaces an older one of that number."""
        parts = self._state.collection(f"r2.parts.{upload_id}")
        before = parts.get(str(part["number"]))
        parts.put(str(part["number"]), part)
        if before is not None:
            self.file(before).unlink(missing_ok=True)

    def parts_of(self, upload_id: str) -> list[Document]:
        """Return the parts received so far, by number."""
        parts = self._state.collection(f"r2.parts.{upload_id}").all()
        return sorted(parts, key=lambda part: int(part["number"]))

    def end_upload(self, upload_id: str) -> None:
        """Delete an upload and its parts."""
        for part in self.parts_of(upload_id):
            self._state.collection(f"r2.parts.{upload_id}").delete(str(part["number"]))
            self.file(part).unlink(missing_ok=True)
        self._uploads.delete(upload_id)
