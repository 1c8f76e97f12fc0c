"""Commands that call flows: a refusal is one sentence on the terminal and exit code 1."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.errors import FlowError


class FlowCommand(BaseCommand):
    """Translates what a flow refuses. Nothing was written then."""

    def execute(self, *args: Any, **options: Any) -> Any:
        """Run the command.

        :raises CommandError: with the flow's message.
        """
        try:
            return super().execute(*args, **options)
        except FlowError as error:
            raise CommandError(error.message) from None
