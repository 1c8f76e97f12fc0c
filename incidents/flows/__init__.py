"""The verbs of incidents."""

from core.flows.subjects import delete as delete_subject
from core.flows.subjects import restore as restore_subject
from incidents.flows.declaring import declare, record_past
from incidents.flows.editing import edit
from incidents.flows.moving import change_status
from incidents.flows.reminding import remind_to_close

__all__ = ["change_status", "declare", "delete_subject", "edit", "record_past", "remind_to_close", "restore_subject"]
