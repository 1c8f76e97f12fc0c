"""The addresses of accounts. The roof includes them at its root."""

from django.urls import path

from core.account import own, passwords

urlpatterns = [
    path("account/", own.account, name="account"),
    path("account/password/", passwords.change, name="account_password"),
    path("account/sessions/end/", own.end_others, name="account_end_others"),
    path("account/sessions/<uuid:session>/end/", own.end_session, name="account_end_session"),
    # Django's name: by it the log-in page knows that there is a way.
    path("password/forgotten/", passwords.forgotten, name="admin_password_reset"),
    path("password/<str:secret>/", passwords.by_link, name="password_by_link"),
]
