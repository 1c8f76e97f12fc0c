"""Makes `Console` the admin's site."""

from django.contrib.admin.apps import AdminConfig


class ConsoleConfig(AdminConfig):
    """Django's admin with our site instead of the stock one."""

    default = False
    default_site = "core.console.site.Console"
