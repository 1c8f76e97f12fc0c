"""The admin's site: who may come in, the home page, the search."""

from functools import update_wrapper
from typing import Any

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from unfold.sites import UnfoldAdminSite

from core.access import may_use_console
from core.console import dashboard, outsiders, searching, setting_up
from core.console.banners import banners
from core.console.modeladmin import ModelAdmin
from core.members import Login
from core.validators import UNSTORABLE

# Admins that third parties bring and we replace or leave out; they leak across projects and write past the flows.
LEFT_OUT = ("django.contrib.", "django_celery_beat.")


class Console(UnfoldAdminSite):
    """Unfold's site under our access table. It takes no admin but ours."""

    index_template = "console/home.html"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Register an admin built on `core.console.modeladmin.ModelAdmin`.

        :raises ImproperlyConfigured: for any other admin, but those of third parties that we leave out.
        """
        if admin_class is not None and issubclass(admin_class, ModelAdmin):
            super().register(model_or_iterable, admin_class, **options)
        elif not getattr(admin_class, "__module__", "").startswith(LEFT_OUT):
            raise ImproperlyConfigured(f"{admin_class} is not built on core.console.modeladmin.ModelAdmin.")

    def has_permission(self, request: HttpRequest) -> bool:
        """Responders and above, and owners."""
        return may_use_console(request.user)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What every page gets: whether a part of Dispatch itself is silent, too.

        The colours are in a file: written into the page they would need inline styles.
        """
        return {**super().each_context(request), "colors": {}, "banners": banners()}

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Every page of the console: an address with characters that no database keeps is refused before it asks one.

        :raises BadRequest: for such an address.
        """

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            words = (word for name, values in request.GET.lists() for word in (name, *values))
            if any(UNSTORABLE.search(word) for word in (request.path, *words)):
                raise BadRequest("The address holds a NUL character or half a character.")
            response: HttpResponse = view(request, *args, **kwargs)
            return response

        inner = super().admin_view(update_wrapper(guarded, view), cacheable)

        def entrance(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not self.has_permission(request):
                return outsiders.turned_away(request)
            response: HttpResponse = inner(request, *args, **kwargs)
            return response

        return never_cache(update_wrapper(entrance, inner))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # noqa: ARG002
        """There is one log-in page for everybody; whoever comes by this address keeps where they wanted to go."""
        if request.method != "POST":
            return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME) or reverse(f"{self.name}:index"))
        page: Any = Login.as_view(next_page=f"{self.name}:index")
        answer: HttpResponse = page(request)
        return answer

    def get_urls(self) -> list[Any]:
        """The set-up page beside the stock ones."""
        return [
            path("set-up/", self.admin_view(self.set_up), name="set-up"),
            path("set-up/next/", self.admin_view(setting_up.next_view), name="set-up-next"),
            path("set-up/environment/", self.admin_view(self.set_up_help), name="set-up-help"),
            *super().get_urls(),
        ]

    def set_up(self, request: HttpRequest) -> HttpResponse:
        """What is unset and matters."""
        request.current_app = self.name
        return setting_up.view(request, self.each_context(request))

    def set_up_help(self, request: HttpRequest) -> HttpResponse:
        """What is set outside the console."""
        request.current_app = self.name
        return setting_up.help_view(request, self.each_context(request))

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The home page: what needs the reader now."""
        request.current_app = self.name
        context = {
            **self.each_context(request),
            "title": _("Home"),
            "index": True,
            "is_fullwidth": "1",
            "cards": dashboard.cards(request),
            **(extra_context or {}),
        }
        return TemplateResponse(request, self.index_template, context)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # noqa: ARG002
        """The account has a page of its own for it, for members without the console too."""
        return HttpResponseRedirect(reverse("account_password"))

    def app_index(
        self,
        request: HttpRequest,  # noqa: ARG002
        app_label: str,  # noqa: ARG002
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> HttpResponse:
        """Apps are the developer's matter: the sidebar orders by task."""
        return HttpResponseRedirect(reverse(f"{self.name}:index"))

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:  # noqa: ARG002
        """None, for the same reason; making a list that no page shows would cost each page a tenth of its time."""
        return []

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # noqa: ARG002
        """What Ctrl-K finds: asked afresh under today's access, never from a cache."""
        text = request.GET.get("s", "").strip()
        return TemplateResponse(
            request, "console/search_results.html", {"text": text, "results": searching.find(request, text)}
        )
