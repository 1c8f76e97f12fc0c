"""Handing a file out, so that no browser runs it."""

from base64 import b64encode
from typing import Any, Final

from django.http import FileResponse

from core.attachments import files
from core.attachments.kinds import BINARY
from core.attachments.models import Attachment

# Even a picture opened by itself gets no script, no style and no frame.
ALONE: Final = "default-src 'none'; img-src 'self'; sandbox; frame-ancestors 'none'"


def answer(attachment: Attachment, *, saved: bool = False) -> Any:
    """The file, streamed: a picture to be shown, anything else (or with `saved`) to be saved."""
    shown = attachment.is_picture and not saved
    response = FileResponse(
        files.opened(attachment.path),
        as_attachment=not shown,
        filename=attachment.name,
        content_type=attachment.content_type if shown else BINARY,
    )
    response["Content-Length"] = str(attachment.size)
    response["Content-Security-Policy"] = ALONE
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    # RFC 9530 wants base64 between colons.
    response["Repr-Digest"] = f"sha-256=:{b64encode(bytes.fromhex(attachment.sha256)).decode()}:"
    return response
