"""The console's pages of incidents."""

from incidents.admin import classification, incident

__all__ = ["classification", "incident"]
