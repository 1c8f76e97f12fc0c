"""What gunicorn does with bodies, wherever it runs."""

from typing import Any, Final

# What gunicorn itself reads on of a body that the application left; with more left it closes the connection.
READ_ON: Final = 64 * 1024


def pre_request(worker: Any, request: Any) -> None:  # noqa: ARG001
    """Let the answer to a large body say that the connection ends with it. Should the body be refused unread, gunicorn
    would close the connection under the client's next request; a `Connection` header of the application it drops.
    """
    headers = dict(request.headers)
    length = headers.get("CONTENT-LENGTH", "")
    if "TRANSFER-ENCODING" in headers or (length.isdecimal() and int(length) >= READ_ON):
        request.force_close()
