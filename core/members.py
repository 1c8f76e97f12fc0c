"""The one door for everybody: signing in, and where each lands."""

from django.contrib.auth import views
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from core.access import may_use_console
from core.console.forms import LoginForm


class Login(views.LoginView):
    """Signing in."""

    template_name = "members/login.html"
    authentication_form = LoginForm
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
