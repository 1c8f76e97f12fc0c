"""The verbs of integrations: plugin instances, their check, resources."""

from integrations.flows.checks import request_check, store_check
from integrations.flows.erasing import forget_event
from integrations.flows.instances import CapabilityTaken, delete_instance, public_configuration, save_instance
from integrations.flows.mails import keep_mail
from integrations.flows.people import fill_contact
from integrations.flows.planning import plan_ticket_update
from integrations.flows.resources import ExpectedResource, expected_resources, note_synced, store_resource

__all__ = [
    "CapabilityTaken",
    "ExpectedResource",
    "delete_instance",
    "expected_resources",
    "fill_contact",
    "forget_event",
    "keep_mail",
    "note_synced",
    "plan_ticket_update",
    "public_configuration",
    "request_check",
    "save_instance",
    "store_check",
    "store_resource",
]
