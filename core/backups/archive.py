"""The archive itself: a compressed tar whose first file is the manifest. Read as if a stranger had made it."""

import io
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from django.utils.translation import gettext as _

from core.backups import manifest as manifests
from core.backups.errors import Damaged, Refused
from core.backups.manifest import Manifest, Part

CHUNK = 1 << 20
FILES = "files"
LARGEST_MANIFEST = 64 << 20


def describe(parts: dict[str, Path]) -> dict[str, Part]:
    """Size and SHA-256 of each part."""
    found = {}
    for name, path in parts.items():
        with path.open("rb") as file:
            found[name] = manifests.digest_of(_chunks(file))
    return found


def write(target: Path, manifest: Manifest, parts: dict[str, Path]) -> None:
    """Write the archive whole or not at all, readable by its owner only: it holds everything there is to know."""
    partial = target.with_name(f"{target.name}.partial")
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=5) as tar:
                _add(tar, manifests.NAME, manifest.to_json().encode())
                for name, path in parts.items():
                    tar.add(path, arcname=name, recursive=False, filter=_anonymous)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def read_manifest(source: Path) -> Manifest:
    """What the archive says it holds.

    :raises Damaged: when it is no archive of Dispatch.
    """
    with _opened(source) as tar:
        return _manifest_of(tar)


def extract(source: Path, into: Path) -> Manifest:
    """Unpack every part and hold it to the manifest.

    :raises Damaged: when a part is missing, was changed, or is not in the manifest.
    """
    with _opened(source) as tar:
        manifest = _manifest_of(tar)
        for member in tar:
            if member.name != manifests.NAME:
                _unpack(tar, member, manifest.parts, into)
    missing = [name for name in manifest.parts if not (into / name).is_file()]
    if missing:
        raise Damaged(_("The archive lacks %(part)s.") % {"part": missing[0]})
    return manifest


@contextmanager
def _opened(source: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(source, mode="r:gz") as tar:
            yield tar
    except FileNotFoundError:
        raise Refused(_("There is no file %(path)s.") % {"path": source}) from None
    except (tarfile.TarError, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise Damaged(_("%(path)s is no whole archive: %(why)s.") % {"path": source.name, "why": error}) from None


def _manifest_of(tar: tarfile.TarFile) -> Manifest:
    first = tar.next()
    if first is None or first.name != manifests.NAME or not first.isfile() or first.size > LARGEST_MANIFEST:
        raise Damaged(_("This is no backup of Dispatch: it does not begin with a manifest."))
    return manifests.read(_content(tar, first).read())


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, parts: dict[str, Part], into: Path) -> None:
    name = PurePosixPath(member.name)
    expected = parts.get(member.name)
    # Names are looked up in the manifest, which is no less a stranger's: none may lead out of the directory.
    if expected is None or not member.isfile() or name.is_absolute() or ".." in name.parts:
        raise Damaged(_("The archive holds %(part)s, which does not belong there.") % {"part": member.name})
    target = into / name
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        found = manifests.digest_of(_copied(_content(tar, member), file))
    if found != expected:
        raise Damaged(_("%(part)s is not what was backed up: its checksum differs.") % {"part": member.name})


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = tar.extractfile(member)
    if content is None:
        raise Damaged(_("The archive holds %(part)s, which does not belong there.") % {"part": member.name})
    return content


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o600
    tar.addfile(info, io.BytesIO(content))


def _anonymous(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mode = 0o600
    return info


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk


def _copied(source: IO[bytes], target: IO[bytes]) -> Iterator[bytes]:
    for chunk in _chunks(source):
        target.write(chunk)
        yield chunk
