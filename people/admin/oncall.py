"""What is done with one layer, override or calendar address of a service; shown on the service's page."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.access import Right
from core.console import rights
from core.console.addresses import page_of
from core.console.dialogs import dialog
from core.console.forms import DialogForm, LetterField
from core.console.modeladmin import ModelAdmin
from core.console.subjects import DialogsOnly
from people.admin.oncall_forms import LayerForm
from people.flows import oncall, shift_feedback
from people.models import CalendarFeed, Override, RotationLayer, Shift, ShiftFeedback


class OfService(DialogsOnly):
    """Rows that are shown on their service's page."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Rows of the services the reader sees."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related("service__project__organization")

    def target(self, obj: Any) -> Any:
        """Rights are held on the service's project."""
        return obj.service.project

    def crumb(self, obj: Any) -> Any:
        """The service."""
        return obj.service

    def after_dialog(self, request: HttpRequest, obj: Any) -> str:  # noqa: ARG002
        """The service's page."""
        return page_of(obj.service)


class RemoveLayerForm(DialogForm):
    """Removing a layer says what follows."""

    def effects(self) -> list[str]:
        """What will happen."""
        return [gettext("Its turns end now; layers below it count instead. What was stays as it was.")]


@admin.register(RotationLayer)
class RotationLayerAdmin(OfService):
    """One layer."""

    @dialog(
        title=lambda layer: gettext("Change “%(name)s”") % {"name": layer}, label=_("Change"), form=LayerForm,
        right=Right.CONFIGURE, submit=_("Save"),
    )  # fmt: skip
    def edit(self, request: Any, layer: RotationLayer, form: LayerForm) -> None:
        """Change it, its people and hours."""
        given = form.cleaned_data
        for name in LayerForm.FIELDS:
            setattr(layer, name, given[name])
        oncall.save_layer(
            layer, members=given["members"], restrictions=given["restrictions"], version=given["version"],
            actor=request.actor, now=timezone.now(),
        )  # fmt: skip

    @dialog(
        title=lambda layer: gettext("Remove “%(name)s”?") % {"name": layer}, label=_("Remove"), form=RemoveLayerForm,
        right=Right.CONFIGURE, submit=_("Remove"), danger=True,
    )  # fmt: skip
    def remove(self, request: Any, layer: RotationLayer, form: DialogForm) -> None:  # noqa: ARG002
        """Take it away."""
        oncall.delete_layer(layer, actor=request.actor, now=timezone.now())


class CancelForm(DialogForm):
    """Cancelling says who is on call then."""

    def effects(self) -> list[str]:
        """What will happen."""
        return [gettext("From now on the rotation counts again. What was stays as it was.")]


def may_cancel(request: HttpRequest, override: Override) -> bool:
    """Managers cancel all, others what they took upon themselves."""
    own = override.swap_id is None and override.created_by_id == request.user.pk
    return own or Right.CONFIGURE in rights.on(request, override.service.project)


@admin.register(Override)
class OverrideAdmin(OfService):
    """One override."""

    @dialog(
        title=lambda override: gettext("Take %(who)s off again?") % {"who": override}, label=_("Cancel it"),
        submit=_("Take off"), form=CancelForm, right=Right.SEE, danger=True, offered=may_cancel,
    )  # fmt: skip
    def cancel(self, request: Any, override: Override, form: DialogForm) -> None:  # noqa: ARG002
        """End it."""
        oncall.cancel_override(override=override, actor=request.actor, now=timezone.now())


class FeedForm(DialogForm):
    """Whose shifts an address gives."""

    whose = forms.ChoiceField(
        label=_("It gives"), initial="all", widget=forms.RadioSelect,
        choices=[("all", _("Everybody's shifts of this service")), ("own", _("My shifts of all services"))],
    )  # fmt: skip

    def effects(self) -> list[str]:
        """What will happen."""
        return [
            gettext("Whoever has the address reads the shifts without signing in, until it is ended."),
            gettext("It is shown once. Put it into your calendar as a subscription."),
        ]


class EndForm(DialogForm):
    """Ending an address is for good."""

    def effects(self) -> list[str]:
        """What will happen."""
        return [gettext("Calendars that subscribed to it get nothing any more.")]


@admin.register(CalendarFeed)
class CalendarFeedAdmin(OfService):
    """One calendar address. Its secret is kept nowhere."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[CalendarFeed]:
        """One's own, and those of the services one configures."""
        return CalendarFeed.objects.visible_to(request.user).select_related("service__project", "organization", "user")

    def target(self, obj: CalendarFeed) -> Any:
        """The service's project; of a personal one the organization."""
        return obj.service.project if obj.service else obj.organization

    def crumb(self, obj: CalendarFeed) -> Any:
        """The service, or whose it is."""
        return obj.service or obj.user

    def after_dialog(self, request: HttpRequest, obj: CalendarFeed) -> str:  # noqa: ARG002
        """The service's page, or the services."""
        return page_of(obj.service) if obj.service else reverse("admin:people_service_changelist")

    @dialog(
        title=_("End the calendar address?"), label=_("End"), submit=_("End it"), form=EndForm, right=Right.SEE,
        danger=True,
    )  # fmt: skip
    def end(self, request: Any, feed: CalendarFeed, form: DialogForm) -> None:  # noqa: ARG002
        """End it."""
        oncall.revoke_feed(feed=feed, actor=request.actor, now=timezone.now())


class AnswerForm(DialogForm):
    """How it was, and in words."""

    rating = forms.TypedChoiceField(
        label=_("It was"), coerce=int, choices=ShiftFeedback.Rating.choices, widget=forms.RadioSelect
    )
    text = LetterField(
        label=_("In words, if you like"), required=False, max_length=shift_feedback.LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip

    def prepare(self) -> None:
        """Begin with what was said before."""
        self.initial.update(rating=self.target.rating, text=self.target.text)

    def effects(self) -> list[str]:
        """What will happen."""
        return [gettext("Who manages the rotation reads it.")]


def may_answer(request: HttpRequest, feedback: ShiftFeedback) -> bool:
    """Whoever had the shift, for a week."""
    own = feedback.shift.individual.user_id == request.user.pk
    return own and not shift_feedback.is_over(feedback, timezone.now())


@admin.register(ShiftFeedback)
class ShiftFeedbackAdmin(OfService):
    """How one shift was."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[ShiftFeedback]:
        """One's own, and the answers of the services one configures."""
        rows = ShiftFeedback.objects.visible_to(request.user)
        return rows.select_related("shift__service__project__organization", "shift__individual")

    def target(self, obj: ShiftFeedback) -> Any:
        """Rights are held on the service's project."""
        return obj.shift.service.project

    def crumb(self, obj: ShiftFeedback) -> Any:
        """The service."""
        return obj.shift.service

    def after_dialog(self, request: HttpRequest, obj: ShiftFeedback) -> str:  # noqa: ARG002
        """The service's page."""
        return page_of(obj.shift.service)

    @dialog(title=_("How was your shift?"), label=_("Say how it was"), submit=_("Send"), form=AnswerForm,
            right=Right.SEE, offered=may_answer)  # fmt: skip
    def answer(self, request: Any, feedback: ShiftFeedback, form: AnswerForm) -> None:
        """Take it."""
        shift_feedback.say_how_it_was(feedback=feedback, **form.cleaned_data, actor=request.actor, now=timezone.now())


class WhenFilter(admin.SimpleListFilter):
    """What is to come, or what is over."""

    title = _("when")
    parameter_name = "when"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        """The other one; without it the list shows what is to come."""
        return [("past", _("Over"))]

    def choices(self, changelist: Any) -> Any:
        """Name what the list shows without a choice."""
        for number, choice in enumerate(super().choices(changelist)):
            yield choice if number else {**choice, "display": _("Now and to come")}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Shift]) -> QuerySet[Shift]:  # noqa: ARG002
        """Shifts on one side of now."""
        now = timezone.now()
        return queryset.filter(ends_at__lte=now) if self.value() == "past" else queryset.filter(ends_at__gt=now)


@admin.register(Shift)
class ShiftAdmin(ModelAdmin):
    """Who was, is and will be on call, as it is stored. Nobody writes here: the rotation does."""

    write_right: ClassVar[Right | None] = None
    drop_right: ClassVar[Right | None] = None
    list_display = ["individual", "service", "starts_at", "ends_at", "source", "layer"]
    list_select_related = ["individual", "service", "layer"]
    list_filter: ClassVar[list[Any]] = [WhenFilter, "service"]
    sortable_by: ClassVar[list[str]] = []
    fields = ["individual", "service", "starts_at", "ends_at", "source", "layer"]

    def get_ordering(self, request: HttpRequest) -> list[str]:
        """What is next first; of what is over, the last first."""
        past = request.GET.get(WhenFilter.parameter_name) == "past"
        return ["-starts_at", "-pk"] if past else ["starts_at", "pk"]

    def target(self, obj: Shift) -> Any:
        """Rights are held on the service's project."""
        return obj.service.project
