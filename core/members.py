"""The door for everybody: signing in without the console's rights, and where each lands."""

from typing import Any

from django.contrib.auth import views
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from core.access import may_use_console
from core.console.forms import LoginForm


class MemberLoginForm(LoginForm):
    """The console's form, with its throttling and its words, for every account."""

    def confirm_login_allowed(self, user: Any) -> None:
        """Let every active account in; what it sees is decided page by page."""
        AuthenticationForm.confirm_login_allowed(self, user)


class Login(views.LoginView):
    """Signing in."""

    template_name = "members/login.html"
    authentication_form = MemberLoginForm
    redirect_authenticated_user = True
    next_page = "root"


class Logout(views.LogoutView):
    """Signing out, by POST only."""

    http_method_names = ["post"]
    next_page = "login"


def home(request: HttpRequest) -> HttpResponse:
    """Responders to the console, members to what is going on, anybody else to the log-in."""
    if not request.user.is_authenticated:
        return HttpResponseRedirect(reverse("login"))
    return HttpResponseRedirect(reverse("admin:index" if may_use_console(request.user) else "status"))
