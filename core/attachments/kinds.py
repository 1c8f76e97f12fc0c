"""What a file may be. By its ending and its first bytes; never by what the sender says it is."""

from pathlib import PurePath
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from core.errors import Invalid
from core.validators import UNSTORABLE

ANYTHING: Final = "*"
BINARY: Final = "application/octet-stream"
LONGEST_NAME: Final = 200
FIRST_BYTES: Final = 16
# Raster pictures, which run nothing. SVG is none of them.
PICTURES: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


def check(name: str, size: int) -> str:
    """The name as it is kept: without its folder.

    :raises Invalid: when the file is empty or too large, or its ending is not allowed.
    """
    kept = PurePath(name.replace("\\", "/")).name.strip()
    if not kept or kept in {".", ".."} or UNSTORABLE.search(kept) or any(ord(sign) < 32 for sign in kept):
        raise Invalid(_("Give the file a name."), field="file")
    _check_size(kept, size)
    _check_ending(kept)
    return _shortened(kept)


def content_type(first: bytes) -> str:
    """A picture's type by its first bytes; anything else is only bytes."""
    if first[:4] == b"RIFF" and first[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for begins, kind in PICTURES if first.startswith(begins)), BINARY)


def in_words(size: int) -> str:
    """25 MiB, 3 KiB, 12 bytes."""
    for unit, word in ((2**20, "MiB"), (2**10, "KiB")):
        if size >= unit:
            return f"{size / unit:.1f}".removesuffix(".0") + f" {word}"
    return _("%(number)s bytes") % {"number": size}


def _check_size(name: str, size: int) -> None:
    words = {"name": name, "most": in_words(settings.ATTACHMENT_MAX_BYTES)}
    if size > settings.ATTACHMENT_MAX_BYTES:
        raise Invalid(_("%(name)s is too large: at most %(most)s. Put it in the storage and link it.") % words,
                      field="file")  # fmt: skip
    if size == 0:
        raise Invalid(_("%(name)s is empty.") % words, field="file")


def _check_ending(name: str) -> None:
    allowed = settings.ATTACHMENT_ENDINGS
    ending = PurePath(name).suffix.removeprefix(".").lower()
    if ANYTHING not in allowed and ending not in allowed:
        words = {"name": name, "endings": ", ".join(sorted(allowed))}
        raise Invalid(
            _("%(name)s may not be attached; what may: %(endings)s. Packed as .zip it may.") % words
            if "zip" in allowed else _("%(name)s may not be attached; what may: %(endings)s.") % words,
            field="file",
        )  # fmt: skip


def _shortened(name: str) -> str:
    path = PurePath(name)
    return name if len(name) <= LONGEST_NAME else path.stem[: LONGEST_NAME - len(path.suffix)] + path.suffix[-20:]
