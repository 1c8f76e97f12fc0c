"""Where apps register what the API offers, the way an admin.py registers with the admin.

Each app's `api/routes.py` is read once, when the addresses are put together.
"""

from typing import Any, Final

from django.urls import URLPattern, path
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import ViewSetMixin

from core.api.subjects import SubjectChildViewSet, SubjectViewSet

# Ids and names; what matches neither is not looked up at all.
KEY: Final = r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}"

_views: dict[str, Any] = {}
_subjects: dict[str, type[SubjectViewSet]] = {}
_children: dict[str, type[SubjectChildViewSet]] = {}


def register(prefix: str, view: Any) -> None:
    """Offer a viewset, or a single view, under `/api/v1/<prefix>/`."""
    _add(_views, prefix, view)


def register_subject(prefix: str, view: type[SubjectViewSet]) -> None:
    """Offer a kind of subject; everything registered for subjects hangs below it."""
    _add(_subjects, prefix, view)


def register_for_subjects(prefix: str, view: type[SubjectChildViewSet]) -> None:
    """Offer what belongs to a subject below every kind of subject: `/incidents/{subject}/<prefix>/`."""
    _add(_children, prefix, view)


def urlpatterns() -> list[URLPattern]:
    """The addresses of everything registered."""
    router = SimpleRouter()
    single = []
    for prefix, view in {**_views, **_subjects}.items():
        if issubclass(view, ViewSetMixin):
            view.lookup_value_regex = KEY
            router.register(prefix, view, basename=prefix)
        else:
            single.append(path(f"{prefix}/", view.as_view(), name=prefix))
    for prefix, subject_view in _subjects.items():
        for below, view in _children.items():
            _hang(router, prefix, subject_view, below, view)
    return [*single, *router.urls]


def _hang(
    router: SimpleRouter, prefix: str, subject_view: type[SubjectViewSet], below: str, view: type[SubjectChildViewSet]
) -> None:
    bound: Any = type(f"{subject_view.__name__}{view.__name__}", (view,), {
        "__doc__": view.__doc__, "__module__": view.__module__, "subject_view": subject_view, "area": subject_view.area,
        "lookup_value_regex": KEY,
    })  # fmt: skip
    router.register(f"{prefix}/(?P<subject>{KEY})/{below}", bound, basename=f"{prefix}-{below}")


def _add(where: dict[str, Any], prefix: str, view: Any) -> None:
    if prefix in where:
        raise ValueError(f"“{prefix}” is registered already, by {where[prefix].__name__}")
    where[prefix] = view
