"""What stops a backup or a restore."""

from core.errors import FlowError


class Refused(FlowError):
    """It was not begun, or nothing of it stays: the message names the mend."""

    code = "backup_refused"


class Damaged(FlowError):
    """The archive is not what its manifest says."""

    code = "backup_damaged"
