"""What was sent is kept: the console shows it, and without a mail server that is where it is read."""

from django.utils import timezone

from core.operations.models import Operation
from integrations.capabilities import MailMessage
from integrations.models import OutgoingMail
from people.models import Individual, Team


def keep_mail(operation: Operation, person: Individual | Team, message: MailMessage, *, secret: str = "") -> None:
    """Store a sent mail once. `secret` is what only its receiver may know; it is left out."""

    def told(text: str) -> str:
        return text.replace(secret, "…") if secret else text

    OutgoingMail.objects.get_or_create(
        message_id=message.message_id,
        defaults={
            **operation.subject.as_owner,
            "operation": operation,
            "individual": person if isinstance(person, Individual) else None,
            "to": message.to_address,
            "heading": message.heading,
            "text": told(message.text),
            "html": told(message.html),
            "sent_at": timezone.now(),
        },
    )
