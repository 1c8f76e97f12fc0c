"""The console's pages of integrations."""

from integrations.admin import plugins, records

__all__ = ["plugins", "records"]
