"""Dialogs: a form in a modal that performs one flow on one object.

    @dialog(title=_("Close"), form=CloseForm, right=Right.EDIT, key="c")
    def close(self, request, incident, form):
        flows.change_status(incident=incident, to="closed", actor=request.actor, now=timezone.now())

The object is loaded through `get_queryset` (404), the right is asked (403), GET shows the form, POST with the CSRF
token performs the flow. What form or flow refuse stays in the modal, at the field. Success sends the browser back to
the page it came from. Without the script the same address is an ordinary page.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from core.access import Right
from core.console import rights
from core.console.forms import DialogForm
from core.errors import FlowError, NotVisible

Text = str | Callable[[Any], str]
Performed = HttpResponse | None


@dataclass(frozen=True, kw_only=True)
class Dialog:
    """What a dialog is: its words, its form, who may, and when it is offered.

    :ivar title: heads the dialog; :ivar submit: its button; :ivar label: the button that opens it. Default: the title.
    :ivar offered: whether it makes sense now (closing what is closed does not).
    :ivar on_list: it belongs to the list and not to one object.
    :ivar key: the single key that opens it; shown on the button.
    :ivar load: the admin's method that finds the object, or answers 404.
    :ivar at_once: cheap and undone as easily: its button posts without asking.
    """

    name: str
    title: Text
    perform: Callable[..., Performed]
    form: type[DialogForm] = DialogForm
    submit: Text = ""
    label: str = ""
    right: Right | None = Right.EDIT
    offered: Callable[[HttpRequest, Any], bool] = field(default=lambda _request, _obj: True)
    on_list: bool = False
    key: str = ""
    danger: bool = False
    at_once: bool = False
    load: str = "get_object"
    template: str = "console/dialog.html"


@dataclass(frozen=True, kw_only=True)
class Button:
    """A dialog as it is offered on a page; a plain one is a link to a page of its own."""

    title: str
    url: str
    key: str = ""
    danger: bool = False
    name: str = ""
    at_once: bool = False
    plain: bool = False


def dialog(**words: Any) -> Callable[[Callable[..., Performed]], Callable[..., Performed]]:
    """Make a method of a `ModelAdmin` a dialog; see the module's text and `Dialog` for the words.

    The method gets the request, the object (not for `on_list`) and the valid form, and performs one flow. It returns
    nothing, or a response of its own (a secret that is shown once).
    """

    def decorate(function: Callable[..., Performed]) -> Callable[..., Performed]:
        spec = Dialog(name=function.__name__.replace("_", "-"), perform=function, **words)
        function.dialog = spec  # type: ignore[attr-defined]
        return function

    return decorate


class Dialogs:
    """Gives a `ModelAdmin` the addresses and buttons of its dialogs."""

    def dialogs(self) -> dict[str, Dialog]:
        """The class's dialogs by name, in the order they are written."""
        found: dict[str, Dialog] = {}
        for klass in reversed(type(self).__mro__):
            for value in vars(klass).values():
                spec = getattr(value, "dialog", None)
                if isinstance(spec, Dialog):
                    found[spec.name] = spec
        return found

    def get_urls(self: Any) -> list[URLPattern]:
        """The dialogs' addresses, before the stock ones (whose last is a catch-all)."""
        return [*self.dialog_urls(), *super().get_urls()]  # type: ignore[misc]

    def dialog_urls(self: Any) -> list[URLPattern]:
        """One address a dialog."""
        own = []
        for spec in self.dialogs().values():
            route = f"{spec.name}/" if spec.on_list else f"<path:object_id>/{spec.name}/"
            own.append(path(route, self.admin_site.admin_view(_view(self, spec)), name=self.dialog_url_name(spec.name)))
        return own

    def dialog_url_name(self: Any, name: str) -> str:
        """The name of a dialog's address, within the site."""
        return f"{self.opts.app_label}_{self.opts.model_name}_{name}"

    def may_open(self, request: HttpRequest, spec: Dialog, obj: Any) -> bool:
        """Whether the reader may perform the dialog on the object."""
        if spec.right is None:
            return True
        target = self.target(obj) if obj is not None else None  # type: ignore[attr-defined]
        return spec.right in rights.on(request, target)

    def button(self: Any, request: HttpRequest, name: str, obj: Any = None, query: str = "") -> Button | None:
        """The button of a dialog, or None when it is not the reader's or makes no sense now."""
        spec = self.dialogs()[name]
        if not self.may_open(request, spec, obj) or not (spec.on_list or spec.offered(request, obj)):
            return None
        args = [] if spec.on_list else [quote(obj.pk)]
        url = reverse(f"{self.admin_site.name}:{self.dialog_url_name(name)}", args=args)
        return Button(
            title=spec.label or _said(spec.title, obj),
            url=url + query,
            key=spec.key,
            danger=spec.danger,
            name=name,
            at_once=spec.at_once,
        )

    def buttons(self, request: HttpRequest, names: Iterable[str], obj: Any = None) -> list[Button]:
        """The buttons of those dialogs that are offered."""
        return [button for name in names if (button := self.button(request, name, obj))]

    def crumb(self, obj: Any) -> Any:
        """Whose page stands in the path above the dialog's own page."""
        return obj

    def after_dialog(self: Any, request: HttpRequest, obj: Any) -> str:  # noqa: ARG002
        """Where the browser goes when it did not say where it came from."""
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}"
        return reverse(f"{name}_change", args=[quote(obj.pk)]) if obj is not None else reverse(f"{name}_changelist")

    def go_to_list(self: Any, request: HttpRequest) -> HttpResponse:
        """Send the browser to the list, after a dialog whose object is gone."""
        url = self.after_dialog(request, None)
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": url})
        return HttpResponseRedirect(url)


def _view(model_admin: Any, spec: Dialog) -> Callable[..., HttpResponse]:
    def view(request: HttpRequest, object_id: str | None = None) -> HttpResponse:
        obj = None if spec.on_list else getattr(model_admin, spec.load)(request, unquote(object_id or ""))
        if not model_admin.has_view_permission(request) or not model_admin.may_open(request, spec, obj):
            raise PermissionDenied
        model_admin.note_read(request, obj)
        return _answer(model_admin, spec, request, obj)

    return view


def _answer(model_admin: Any, spec: Dialog, request: HttpRequest, obj: Any) -> HttpResponse:
    posted = request.method == "POST"
    form = spec.form(data=request.POST if posted else None, request=request, target=obj)
    if posted and form.is_valid():
        try:
            subjects = (obj,) if obj is not None else ()
            with transaction.atomic():
                answer = spec.perform(model_admin, request, *subjects, form)
        except NotVisible as refusal:
            raise Http404(refusal.message) from refusal
        except FlowError as refusal:
            form.show_refusal(refusal)
        else:
            return answer or gone_back(request, model_admin.after_dialog(request, obj))
    return _shown(model_admin, spec, request, obj, form)


def opened_on(request: HttpRequest, otherwise: str) -> str:
    """The address of the page the dialog was opened on."""
    said = request.headers.get("HX-Current-URL", "") or request.POST.get("next", "")
    return said if url_has_allowed_host_and_scheme(said, {request.get_host()}, request.is_secure()) else otherwise


def gone_back(request: HttpRequest, otherwise: str) -> HttpResponse:
    """Send the browser to the page the dialog was opened on."""
    url = opened_on(request, otherwise)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def _shown(model_admin: Any, spec: Dialog, request: HttpRequest, obj: Any, form: DialogForm) -> HttpResponse:
    inside = bool(request.headers.get("HX-Request"))
    title = _said(spec.title, obj)
    crumb = model_admin.crumb(obj) if obj is not None else None
    context = {
        "dialog": spec,
        "title": title,
        "submit": _said(spec.submit, obj) or title,
        "form": form,
        "original": crumb,
        "action": request.get_full_path(),
        "back": model_admin.after_dialog(request, obj),
        "opts": crumb._meta if crumb is not None else model_admin.opts,
        "frame": "console/modal.html" if inside else "console/page.html",
    }
    if not inside:
        context = {**model_admin.admin_site.each_context(request), **context}
    request.current_app = model_admin.admin_site.name
    return TemplateResponse(request, spec.template, context)


def _said(text: Text, obj: Any) -> str:
    return str(text(obj)) if callable(text) else str(text)
