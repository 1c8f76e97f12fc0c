"""Mail through Django's backend: SMTP where a server is set, files in the embedded installation."""

from email.utils import formataddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import Field

from core.operations.errors import Permanent
from integrations.capabilities import Capability, Email, MailMessage
from integrations.plugin import CheckResult, Plugin, PluginConfiguration
from integrations.plugins.builtin.mail_errors import MAIL_ERRORS, classed

_SMTP = "django.core.mail.backends.smtp.EmailBackend"


class MailConfiguration(PluginConfiguration):
    """Who mail comes from; the server itself is set by the environment."""

    sender: str = Field(default="", title="Sender", description="Empty: the installation's own address.")
    reply_to: str = Field(default="", title="Answers go to", description="Empty: to the sender.")


class DjangoMail(Plugin, Email):
    """Sends through the mail server the installation is set up with."""

    slug = "builtin-email"
    title = "Mail server"
    vendor = "Dispatch"
    description = gettext_lazy("Sends through the mail server of the installation, or writes files when none is set.")
    capabilities = frozenset({Capability.EMAIL})
    Configuration = MailConfiguration

    def check(self) -> CheckResult:
        if settings.EMAIL_BACKEND != _SMTP:
            return CheckResult(
                ok=True, message=_("No mail server is set; mail is kept where it can be read in the console.")
            )
        try:
            connection = get_connection()
            connection.open()
            connection.close()
        except MAIL_ERRORS as error:
            return CheckResult(ok=False, message=str(classed(error)))
        words = {"host": settings.EMAIL_HOST, "port": settings.EMAIL_PORT}
        return CheckResult(ok=True, message=_("The mail server %(host)s:%(port)s answers.") % words)

    def send(self, *, message: MailMessage) -> None:
        try:
            self._compose(message).send()
        except MAIL_ERRORS as error:
            raise classed(error) from error
        except (UnicodeError, ValueError) as error:
            # Django refuses line breaks in headers and addresses that cannot be written.
            raise Permanent(_("The mail cannot be written: %(why)s") % {"why": error}) from error

    def _compose(self, message: MailMessage) -> EmailMultiAlternatives:
        mail = EmailMultiAlternatives(
            subject=message.heading,
            body=message.text,
            from_email=self.configuration.sender or settings.DEFAULT_FROM_EMAIL,
            to=[formataddr((message.to_name, message.to_address))],
            reply_to=[self.configuration.reply_to] if self.configuration.reply_to else None,
            headers={
                "Message-ID": f"<{message.message_id}>",
                # One conversation a subject in every mail program.
                "References": f"<{message.thread_id}>",
                "Auto-Submitted": "auto-generated",
            },
        )
        mail.attach_alternative(message.html, "text/html")
        return mail
