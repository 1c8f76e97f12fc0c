"""Asking for somebody who is known already, by address."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from core.emails import normalise
from people.dialogs.participants import PersonField
from people.models import Individual


class KnownPersonField(PersonField):
    """An active person of the organization, by address or name. Nobody is made.

    :ivar organization: set by the form, which knows what it is about.
    """

    def __init__(self, *, organization: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.organization = organization

    def clean(self, value: Any) -> Any:
        """The person.

        :raises ValidationError: when nobody active here has the address.
        """
        address = super().clean(value)
        return known(self.organization, address) if address else None


def known(organization: Any, address: str) -> Individual:
    """The active person of the address.

    :raises ValidationError: when there is none.
    """
    try:
        spelled = normalise(address)
    except ValueError as error:
        raise forms.ValidationError(str(error)) from None
    person = Individual.objects.active().filter(organization=organization, email=spelled).first()
    if person is None:
        raise forms.ValidationError(_("Nobody active here has the address %(email)s.") % {"email": spelled})
    return person
