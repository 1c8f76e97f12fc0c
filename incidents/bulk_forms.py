"""The dialogs that do one thing with many incidents: what is asked, and what will come of it."""

import uuid
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

from django import forms
from django.db.models import Max
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from core.console.forms import DialogForm
from core.errors import Invalid
from incidents.columns import UNREAD
from incidents.finding import Finding
from incidents.flows import bulk, bulk_acts
from incidents.flows.bulk import Foreseen, Outcome
from incidents.flows.bulk_acts import Wish
from incidents.models import Incident
from people.dialogs.participants import PersonField

NAMED = 5
COLOURS = {Outcome.DONE: "green", Outcome.SKIPPED: "", Outcome.REFUSED: "red"}


@dataclass(kw_only=True)
class Group:
    """Incidents that will come to the same, the first few by name."""

    outcome: str
    message: str
    colour: str
    count: int = 0
    incidents: list[Incident] = field(default_factory=list)

    @property
    def others(self) -> int:
        """How many are not named."""
        return self.count - len(self.incidents)


class ManyForm(DialogForm):
    """The ticked incidents, or all that the list's filters leave; which, the address says.

    :cvar act: what is done with each.
    """

    act: ClassVar[str]

    key = forms.CharField(widget=forms.HiddenInput, max_length=36)
    # What is reported between the look and the click is not meant.
    newest = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def prepare(self) -> None:
        """Begin with nothing but the place to go on from."""
        rows = Incident.objects.aggregate(newest=Max("pk"))
        self.initial.update(key=uuid.uuid4().hex, newest=rows["newest"] or 0)
        for name in ("commander", "tags"):
            if name in self.fields:
                self.fields[name].widget.attrs |= {
                    "hx-get": self.request.get_full_path(), "hx-trigger": "change, keyup changed delay:400ms",
                    "hx-target": "#foreseen", "hx-select": "#foreseen", "hx-swap": "outerHTML",
                }  # fmt: skip
                self.initial[name] = self.request.GET.get(name, "")

    @cached_property
    def incidents(self) -> list[Incident]:
        """What is meant, among what the reader sees."""
        rows = Finding(self.request).chosen_rows()
        newest = str(self.data.get("newest") or "")
        if newest.isdecimal() and len(newest) < 18:
            rows = rows.filter(pk__lte=int(newest))
        return list(rows.defer(*UNREAD)[: bulk.MOST + 1])

    def wish(self) -> Wish:
        """What is asked for."""
        given = self.cleaned_data
        return Wish(
            act=self.act, reason=given.get("reason", ""), commander=given.get("commander", ""),
            tags=names_in(given.get("tags", "")),
        )  # fmt: skip

    @cached_property
    def groups(self) -> list[Group]:
        """What will come of it; refusals first, for they are what one looks for."""
        found: dict[tuple[str, str], Group] = {}
        for each in self._foreseen():
            key = (each.outcome, each.message)
            group = found.setdefault(
                key, Group(outcome=each.outcome, message=each.message, colour=COLOURS[Outcome(each.outcome)])
            )
            group.count += 1
            if len(group.incidents) < NAMED:
                group.incidents.append(each.incident)
        order = [Outcome.REFUSED, Outcome.SKIPPED, Outcome.DONE]
        return sorted(found.values(), key=lambda group: (order.index(Outcome(group.outcome)), -group.count))[:40]

    @cached_property
    def tally(self) -> dict[str, int]:
        """How many will come to what."""
        counts = Counter(each.outcome for each in self._foreseen())
        return {name: counts[name] for name in Outcome.values}

    def _foreseen(self) -> list[Foreseen]:
        if "foreseen" not in self.__dict__:
            self.__dict__["foreseen"] = self._foresee()
        found: list[Foreseen] = self.__dict__["foreseen"]
        return found

    def _foresee(self) -> list[Foreseen]:
        typed = self.data if self.is_bound else self.request.GET
        wish = Wish(act=self.act, commander=typed.get("commander", "").strip(), tags=names_in(typed.get("tags", "")))
        if not self.incidents or len(self.incidents) > bulk.MOST:
            return []
        try:
            bulk_acts.check(wish)
        except Invalid:
            wish = Wish(act=self.act)
        return bulk.foresee(incidents=self.incidents, wish=wish, actor=self.request.actor, unfinished=True)

    def effects(self) -> list[str]:
        """What will happen outside, and how it goes on."""
        count = len(self.incidents)
        if count > bulk.AT_ONCE:
            return [gettext("It goes on in the background; a page shows how far it is, and each result.")]
        if not count:
            return [gettext("No incident is chosen. Close this and tick some, or take all that match.")]
        told = ngettext(
            "It is done at once; what came of it is shown.",
            "It is done at once, for each of the %(count)s; what came of each is shown.",
            count,
        )
        return [told % {"count": count}]


class ReasonedForm(ManyForm):
    """With a reason, which stands on each timeline."""

    reason = forms.CharField(
        label=_("Why?"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Stands on the timeline of each."),
    )  # fmt: skip


class StableManyForm(ReasonedForm):
    """Mark stable."""

    act = "stable"


class CloseManyForm(ReasonedForm):
    """Close."""

    act = "close"

    def effects(self) -> list[str]:
        """What closing does outside."""
        ends = gettext("Roles end, and what each project set up for closing is done: conversations, feedback, tickets.")
        return [*super().effects(), ends]


class HandOverManyForm(ReasonedForm):
    """One new commander for all."""

    act = "hand_over"
    commander = PersonField(label=_("New commander"), help_text=_("Name or address; known people are suggested."))
    field_order = ["commander", "reason"]

    def effects(self) -> list[str]:
        """Who hears of it."""
        return [*super().effects(), gettext("The new commander takes part in each from now on, restricted ones too.")]


class TagManyForm(ManyForm):
    """More tags for all."""

    act = "tag"
    tags = forms.CharField(
        label=_("Tags"), max_length=1000,
        help_text=_("Separated by commas; two tags of one name are told apart by Type/name. They are added."),
    )  # fmt: skip


def names_in(text: str) -> list[str]:
    """The names in a line of them."""
    return list(dict.fromkeys(name for part in text.split(",") if (name := part.strip())))
