"""What an address tells by itself."""

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.capabilities import Capability, Contact, ContactCard
from integrations.plugin import CheckResult, Plugin

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")


class AddressBook(Plugin, Contact):
    """Guesses a name, and keeps its hands off everything else."""

    slug = "builtin-contact"
    title = "Address only"
    vendor = "Dispatch"
    description = gettext_lazy("Takes a person's name from the e-mail address, without any directory.")
    capabilities = frozenset({Capability.CONTACT})

    def check(self) -> CheckResult:
        return CheckResult(ok=True, message=_("Names are taken from addresses; no directory is asked."))

    def lookup(self, *, email: str) -> ContactCard | None:
        name = name_from(email)
        return ContactCard(name=name) if name else None


def name_from(email: str) -> str:
    """ada.lovelace+alerts2@example.com is Ada Lovelace; of an address without letters nothing is known."""
    local = email.rpartition("@")[0].split("+")[0]
    return " ".join(word.capitalize() for word in _WORD.findall(local))
