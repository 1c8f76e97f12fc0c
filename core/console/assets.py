"""Where the console's own style sheet, script and icon are; named in the settings."""

from django.http import HttpRequest
from django.templatetags.static import static


def stylesheet(request: HttpRequest) -> str:  # noqa: ARG001
    """The address of the style sheet."""
    return static("core/console.css")


def theme(request: HttpRequest) -> str:  # noqa: ARG001
    """The address of the theme's variables."""
    return static("core/theme.css")


def script(request: HttpRequest) -> str:  # noqa: ARG001
    """The address of the script."""
    return static("core/console.js")


def live(request: HttpRequest) -> str:  # noqa: ARG001
    """The address of the script that renews pages and keeps drafts."""
    return static("core/live.js")


def favicon(request: HttpRequest) -> str:  # noqa: ARG001
    """The address of the tab's icon."""
    return static("core/icon.svg")
