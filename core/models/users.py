"""People and services that sign in."""

from typing import Any, ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

from core import access
from core.emails import normalise
from core.models.base import Record


class UserQuerySet(models.QuerySet["User"]):
    """Named selections."""

    def visible_to(self, user: Any) -> Self:
        """One's own account, and those of the people the user administers."""
        return self.filter(access.user_filter(user))


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Makes users; the e-mail is normalised here and nowhere else."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make a user. Without a password the account cannot sign in to the console.

        :raises ValueError: when the e-mail is not an address.
        """
        user = self.model(email=normalise(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=normalise(username or ""))


class User(AbstractBaseUser, Record):
    """Who acts: a person, or a service account that only holds tokens.

    `is_staff` follows from memberships (`core.flows.memberships`) and opens the console; it is never set by hand.
    Django's model permissions are not used: `core.access` decides.
    """

    email = models.EmailField(_("e-mail"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may use the console"), default=False, editable=False)
    is_service = models.BooleanField(_("service account"), default=False, help_text=_("Signs in with tokens only."))
    time_zone = models.CharField(
        _("time zone"), max_length=64, blank=True, help_text=_("For example Europe/Berlin. Empty: the browser's own.")
    )
    email_verified_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The choices of `core.mails.Choice` that the person does not want.
    unwanted_mails = models.JSONField(default=list, blank=True, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    is_superuser = False

    objects = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email

    def has_perm(self, perm: str, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_perms(self, perm_list: Any, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_module_perms(self, app_label: str) -> bool:  # noqa: ARG002
        return False
