"""Whether the database answers, asked past the pool, which tries for half a minute and then knows no reason."""

import psycopg
from django.db import connection
from django.utils.translation import gettext as _

from core.backups import postgres

SECONDS = 5


def why_not() -> str:
    """Why it does not, in one sentence with the server's own words; empty when it does."""
    if connection.vendor != "postgresql":
        return ""
    try:
        psycopg.connect(**postgres.arguments(), connect_timeout=SECONDS).close()
    except psycopg.Error as error:
        said = " ".join(str(error).split()).removeprefix("connection failed: ").partition(" Is the server running")[0]
        return _("The database that DATABASE_URL names does not answer: %(why)s.") % {"why": said.rstrip(".")}
    return ""
