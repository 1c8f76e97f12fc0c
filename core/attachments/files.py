"""Keeping the bytes: streamed in and out of the default storage, under a name that says nothing."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.core.files.base import File
from django.core.files.storage import default_storage

from core.attachments import kinds

FOLDER: Final = "attachments"
CHUNK: Final = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A file that lies in the storage and has no row yet."""

    path: str
    name: str
    content_type: str
    size: int
    sha256: str


def store(upload: Any) -> Stored:
    """Write an upload to the storage.

    :raises Invalid: when it may not be attached.
    """
    name = kinds.check(upload.name or "", upload.size)
    upload.seek(0)
    first = upload.read(kinds.FIRST_BYTES)
    digest = sha256_of(upload)
    key = uuid.uuid4().hex
    path = default_storage.save(f"{FOLDER}/{key[:2]}/{key}", File(upload))
    return Stored(path=path, name=name, content_type=kinds.content_type(first), size=upload.size, sha256=digest)


def sha256_of(upload: Any) -> str:
    """The hash of a file's bytes; it is at its beginning again afterwards."""
    upload.seek(0)
    digest = hashlib.sha256()
    for chunk in upload.chunks(CHUNK):
        digest.update(chunk)
    upload.seek(0)
    return digest.hexdigest()


def opened(path: str) -> Any:
    """The file, to be streamed."""
    return default_storage.open(path)


def delete(path: str) -> None:
    """Take a file away; one that is gone is no error."""
    default_storage.delete(path)


def older_than(moment: datetime) -> list[str]:
    """The paths of all stored files written before a moment."""
    if not default_storage.exists(FOLDER):
        return []
    folders, _files = default_storage.listdir(FOLDER)
    paths = [f"{FOLDER}/{folder}/{name}" for folder in folders for name in _names(folder)]
    return [path for path in paths if default_storage.get_modified_time(path) < moment]


def _names(folder: str) -> list[str]:
    _folders, names = default_storage.listdir(f"{FOLDER}/{folder}")
    return names
