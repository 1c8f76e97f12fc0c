"""One spelling of an e-mail address, so that comparing is exact (SQLite's LOWER knows ASCII only)."""

import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

# What a column for addresses holds (RFC 5321: 254); Django alone would let 320 pass.
LONGEST = 254


def normalise(email: str) -> str:
    """The address stripped, in NFC and lower case.

    :raises ValueError: when it is not an e-mail address.
    """
    address = unicodedata.normalize("NFC", email.strip()).lower()
    try:
        if len(address) > LONGEST:
            raise ValidationError("too long")
        validate_email(address)
    except ValidationError:
        raise ValueError(f"“{address[:80]}” is not an e-mail address.") from None
    return address
