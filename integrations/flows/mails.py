"""What was sent is kept: the console shows it, and without a mail server that is where it is read."""

from django.utils import timezone

from core.operations.models import Operation
from integrations.capabilities import MailMessage
from integrations.models import OutgoingMail
from people.models import Individual, Team
from people.secret_links import masked


def keep_mail(operation: Operation, person: Individual | Team, message: MailMessage) -> None:
    """Store a sent mail once, without the secrets of its links: only its receiver may answer."""
    OutgoingMail.objects.get_or_create(
        message_id=message.message_id,
        defaults={
            **operation.subject.as_owner,
            "operation": operation,
            "individual": person if isinstance(person, Individual) else None,
            "to": message.to_address,
            "heading": message.heading,
            "text": masked(message.text),
            "html": masked(message.html),
            "sent_at": timezone.now(),
        },
    )
