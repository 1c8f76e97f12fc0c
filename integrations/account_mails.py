"""Carries out the mails about accounts. They belong to no project, so the installation's own mail server takes them,
and no copy is kept: their links open accounts.
"""

from django.utils.translation import gettext as _

from core.account_letters import letter_of
from core.flows import passwords
from core.operations.models import Operation
from core.operations.performers import Outcome, performer
from integrations.capabilities import Capability, MailMessage
from integrations.documents import one_line
from integrations.mails import host
from integrations.plugins.builtin.mail import DjangoMail, MailConfiguration

# A mail is about ten exchanges with the server, each with its own time-out of 10 seconds.
_LEASE = 120


@performer(passwords.MAIL, capability=Capability.EMAIL, delivery=Operation.Delivery.AT_LEAST_ONCE, lease_seconds=_LEASE)
def send_account_mail(operation: Operation) -> Outcome:
    """Send it, if there is somebody to send it to."""
    letter = letter_of(operation.arguments)
    if isinstance(letter, str):
        return Outcome(result={"left": letter})
    name = f"{operation.uuid}@{host()}"
    message = MailMessage(
        message_id=name, thread_id=name, to_address=letter.user.email, to_name=one_line(str(letter.user)),
        heading=one_line(letter.heading), text=letter.text, html=letter.html,
    )  # fmt: skip
    DjangoMail(MailConfiguration(), project_id=None).send(message=message)
    return Outcome(result={"sent": _("to the account's address")})
