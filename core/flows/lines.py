"""Titles and names: one line that shows something."""

import re
import unicodedata
from typing import Final

from django.utils.translation import gettext as _

from core.errors import Invalid

# What breaks a line, moves the cursor, or turns round what follows it.
OFF_THE_LINE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
# Categories that show nothing, and letters and signs that show as little.
UNSEEN: Final = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
FILLERS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def looks_empty(text: str) -> bool:
    """Whether a reader would see nothing: blanks, and characters that only format."""
    return all(unicodedata.category(char) in UNSEEN or char in FILLERS for char in text)


def check_one_line(text: str, field: str) -> None:
    """Refuse a title or name that is more than a line, or reads otherwise than it is written.

    :raises Invalid: naming the field.
    """
    if OFF_THE_LINE.search(text):
        message = _("This is one line: remove line breaks, control characters and marks that turn the direction.")
        raise Invalid(message, field=field)
