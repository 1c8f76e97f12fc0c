"""What a mail server's answers mean for us, in plain words."""

import smtplib
import socket
import ssl
from collections.abc import Callable
from email.utils import parseaddr
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _

from core.operations.errors import NotConfigured, OperationError, Permanent, Transient

# SMTP's own errors are OSErrors, like refused connections and time-outs.
MAIL_ERRORS: Final = (smtplib.SMTPException, OSError)
_LONGEST_ANSWER: Final = 300


def classed(error: Exception) -> OperationError:
    """The error as one the operations know."""
    for kind, classify in _CLASSES:
        if isinstance(error, kind):
            return classify(error)
    return Transient(_("Mail could not be handed over: %(why)s") % {"why": _short(error)})


def _refused_recipient(error: Any) -> OperationError:
    (recipient, (code, answer)), *_others = error.recipients.items()
    words = {"to": parseaddr(recipient)[1], "code": code, "answer": _short(answer)}
    if code >= 500:
        return Permanent(_("The mail server does not take mail for %(to)s: %(code)s %(answer)s") % words)
    return Transient(_("The mail server takes no mail for %(to)s at the moment: %(code)s %(answer)s") % words)


def _refused_login(error: Any) -> OperationError:
    if error.smtp_code < 500:
        return _answer(error)
    return NotConfigured(
        _("The mail server refuses our user name and password (%(code)s).") % {"code": error.smtp_code}
    )


def _answer(error: Any) -> OperationError:
    words = {"code": error.smtp_code, "answer": _short(error.smtp_error)}
    # A connection cut short carries no code or a negative one.
    if error.smtp_code >= 500:
        return Permanent(_("The mail server refuses the mail: %(code)s %(answer)s") % words)
    return Transient(_("The mail server asks to try later: %(code)s %(answer)s") % words)


def _not_offered(error: Any) -> OperationError:
    return NotConfigured(_("The mail server lacks what is asked of it: %(why)s") % {"why": _short(error)})


def _certificate(error: Any) -> OperationError:
    return NotConfigured(_("The mail server's certificate is not trusted: %(why)s") % {"why": _short(error)})


def _refused(_error: Any) -> OperationError:
    return Transient(_("The mail server %(host)s:%(port)s refuses connections.") % _server())


def _timed_out(_error: Any) -> OperationError:
    return Transient(_("The mail server %(host)s:%(port)s does not answer in time.") % _server())


def _unknown_host(_error: Any) -> OperationError:
    return Transient(_("The mail server's name %(host)s is not known.") % _server())


def _cut(_error: Any) -> OperationError:
    return Transient(_("The mail server %(host)s:%(port)s ended the connection.") % _server())


# The first that fits; the special ones stand before those they are kinds of.
_CLASSES: Final[tuple[tuple[type[Exception], Callable[[Any], OperationError]], ...]] = (
    (smtplib.SMTPRecipientsRefused, _refused_recipient),
    (smtplib.SMTPAuthenticationError, _refused_login),
    (smtplib.SMTPNotSupportedError, _not_offered),
    (smtplib.SMTPResponseException, _answer),
    (smtplib.SMTPServerDisconnected, _cut),
    (ssl.SSLCertVerificationError, _certificate),
    (ConnectionRefusedError, _refused),
    (TimeoutError, _timed_out),
    (socket.gaierror, _unknown_host),
    (ConnectionError, _cut),
)


def _server() -> dict[str, Any]:
    return {"host": settings.EMAIL_HOST, "port": settings.EMAIL_PORT}


def _short(answer: Any) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)
    return " ".join(text.split())[:_LONGEST_ANSWER]
