"""A mail server on loopback: keeps what it takes, and answers as it is told to."""

import contextlib
import email
import socket
import socketserver
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from typing import Any


class MailServer(socketserver.ThreadingTCPServer):
    """`answers` maps a command (RCPT, DATA, …) to the reply it gets instead of a friendly one.

    `mails` and `recipients` are what arrived. Between `hold()` and `release()` a mail is begun (`begun` is set) and not
    taken.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Session)
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.answers: dict[str, str] = {}
        self.begun, self._free = threading.Event(), threading.Event()
        self._free.set()
        self._held: _Session | None = None

    def hold(self) -> None:
        self.begun.clear()
        self._free.clear()

    def is_deserted(self) -> bool:
        """Whether whoever sent the held mail is gone."""
        return self._held is not None and self._held.is_gone()

    def release(self) -> None:
        self._free.set()

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Session(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.to: list[str] = []
        if "CONNECT" in self.server.answers:
            self._say(self.server.answers["CONNECT"])
            return
        self._say("220 stand-in")
        for line in self._lines():
            verb = line.decode("ascii", "replace").strip().split(" ")[0].upper()
            if verb == "QUIT":
                self._say("221 bye")
                return
            self._answer(verb, line)

    def _lines(self) -> Iterator[bytes]:
        with contextlib.suppress(ConnectionError):
            yield from self.rfile

    def _answer(self, verb: str, line: bytes) -> None:
        if verb in self.server.answers:
            self._say(self.server.answers[verb])
        elif verb == "DATA":
            self._say("354 go on")
            self._take()
        else:
            if verb == "RCPT":
                self.to.append(line.decode("ascii", "replace").split("<")[1].split(">")[0])
            self._say("250 fine")

    def _take(self) -> None:
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line[1:] if line.startswith(b"..") else line)
        self.server._held = self
        self.server.begun.set()
        self.server._free.wait(60)
        if self.is_gone():
            # Whoever sent it does not know whether it was taken: it was not.
            return
        self._say(self.server.answers.get("END", "250 taken"))
        if "END" not in self.server.answers:
            message: Any = email.message_from_bytes(b"".join(lines), policy=default)
            self.server.mails.append(message)
            self.server.recipients.append(self.to)
        self.to = []

    def is_gone(self) -> bool:
        try:
            return self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def _say(self, reply: str) -> None:
        self.wfile.write(f"{reply}\r\n".encode("ascii"))


@contextlib.contextmanager
def mail_server(port: int = 0) -> Iterator[MailServer]:
    """A running server; stopped and its port freed at the end."""
    with MailServer(port) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(5)
