"""System checks: what is installed and cannot be used."""

from typing import Any

from django.core.checks import CheckMessage, Warning, register

from integrations.registry import catalogue


@register()
def plugins_work(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Name each installed plugin that cannot be used; the rest works without it."""
    return [
        Warning(
            f"The plugin “{broken.name}” cannot be used: {broken.reason}.",
            hint="Uninstall it, or install a version made for this release.",
            id="integrations.W001",
        )
        for broken in catalogue().broken
    ]
