"""Stopping an upload that is too large while it comes in, before it fills the disk."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler


class Bounded(FileUploadHandler):
    """Counts all bytes of a request's files; what an entry may hold at most is the end."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.left = settings.ATTACHMENT_MAX_BYTES * settings.ATTACHMENTS_PER_ENTRY

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Hand the bytes on.

        :raises RequestDataTooBig: when a file is larger than one may be, or all together are.
        """
        self.left -= len(raw_data)
        # One chunk more than allowed, so that a file that is a little too large gets a sentence with its name.
        if self.left < 0 or start > settings.ATTACHMENT_MAX_BYTES + self.chunk_size:
            raise RequestDataTooBig
        return raw_data

    def file_complete(self, file_size: int) -> None:  # noqa: ARG002
        """Those behind it keep the file."""
        return
