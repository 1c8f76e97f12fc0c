"""The ground's configuration: lets every app register what it offers."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "Dispatch"

    def ready(self) -> None:
        # The way an admin.py registers with the admin: receivers, performers, console panels, search kinds, schedules.
        autodiscover_modules(
            "receivers", "performers", "mails", "panels", "searchable", "filterable", "schedule", "setting_up"
        )
        from core import checks  # noqa: F401 (registers itself)
        from core.account import signals  # noqa: F401 (registers itself)
        from core.scheduling import sync

        post_migrate.connect(sync, sender=self, dispatch_uid="core.schedule")
