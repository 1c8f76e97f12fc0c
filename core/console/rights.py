"""What the reader of a page may do, asked of `core.access` once per request and target."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from core import access
from core.access import Right
from core.console.once import once
from core.models.organizations import Membership


def anywhere(request: Any) -> frozenset[Right]:
    """Every right the user holds in at least one project or organization."""
    kept = _kept(request)
    if "anywhere" not in kept:
        roles = Membership.objects.filter(user_id=request.user.pk).values_list("role", flat=True).distinct()
        kept["anywhere"] = frozenset().union(*(access.PROJECT_RIGHTS[role] for role in roles))
    return frozenset(kept["anywhere"]) if request.user.is_active else frozenset()


def on(request: Any, target: Any) -> frozenset[Right]:
    """The user's rights on a project, an organization or a subject."""
    if target is None:
        return anywhere(request)
    kept, key = _kept(request), (type(target), target.pk)
    if key not in kept:
        kept[key] = access.rights(request.user, target)
    return frozenset(kept[key])


def keep(request: Any, subjects: Iterable[Any]) -> None:
    """Ask for the rights on many subjects together, so that `on` finds them."""
    kept = _kept(request)
    kinds: defaultdict[Any, dict[int, Any]] = defaultdict(dict)
    for subject in subjects:
        kinds[type(subject)][subject.pk] = subject
    for model, rows in kinds.items():
        each = access.rights_on_each(request.user, list(rows.values()))
        kept.update(zip(((model, pk) for pk in rows), each, strict=True))


def _kept(request: Any) -> dict[Any, Any]:
    return once(request, "rights", dict[Any, Any])
