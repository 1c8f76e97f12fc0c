"""Telling one story: from the report to where it stands today, every step through the flow that people use."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from core.actor import Actor, Face
from core.timeline import Event
from core.timeline.flows import add_entry
from incidents import flows
from incidents.demo.outside import carry_out
from incidents.demo.scripts import FILLS, Script
from incidents.demo.setting import Person, Setting
from incidents.models import Incident
from people.flows import add_participant, assign_role, handovers, pages, tasks
from people.models import Page, Role, Task
from reporting.flows.cost_items import add_item
from reporting.models import CostType

MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
WORKDAY: Final = range(8, 19)
# Longer ones pass the command on.
LONG: Final = timedelta(hours=9)
BILLED_AFTER: Final = timedelta(hours=20)
DECISION, PIN = "! ", "* "
# How often: a consultant is called, the severity is looked at again, a bill of a kind comes.
CONSULTED, GRADED, BILLED = 0.5, 0.3, 0.45
# How often the first one called sleeps on, and how often a task gets done.
SLEPT, DONE = 0.2, 0.85
NOTES: Final = (
    "All quiet for an hour; waiting for the image.",
    "Customers are told. Next update at the full hour.",
    "Two leads open, both on the timeline. Counsel wants to hear before anything goes out.",
)

Step = Callable[[datetime], None]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """When a story happens. Without `stable_at` it is active today, without `closed_at` stable.

    :ivar until: how far it is told: its end, or today.
    """

    script: Script
    reported_at: datetime
    until: datetime
    stable_at: datetime | None = None
    closed_at: datetime | None = None
    reopened: bool = False


class Teller:
    """Tells stories in one setting, drawing from one source of chance."""

    def __init__(self, setting: Setting, chance: Random) -> None:
        self.setting, self.chance = setting, chance

    def tell(self, plan: Plan) -> Incident:
        """One incident, from its report to where it stands: what happens is thought out first, then done in order."""
        self.plan, self.script = plan, plan.script
        self.fill = {name: self.chance.choice(words) for name, words in FILLS.items()}
        self.steps: list[tuple[datetime, Step]] = []
        self.lead = self._awake(plan.reported_at, self.setting.responders(plan.script.team))
        self.incident = self._report()
        self._then(plan.reported_at + MINUTE, self._outside)
        for page in pages.unanswered(self.incident):
            sleeps = page.service is not None and self.chance.random() < SLEPT
            after = page.escalation_minutes + 1 if sleeps else 3
            self._then(plan.reported_at + after * MINUTE, partial(self._answer, page, sleeps))
        crew = self._bring_in()
        self._work(crew)
        self._plan_tasks(crew)
        self._pay()
        self._end()
        for moment, step in sorted(self.steps, key=lambda planned: planned[0]):
            step(moment)
        return self.incident

    def _then(self, moment: datetime, step: Step) -> None:
        self.steps.append((min(moment, self.plan.until), step))

    def _outside(self, moment: datetime) -> None:
        carry_out(self.incident, moment)

    def _report(self) -> Incident:
        script, name = self.script, self.script.project
        severity = self.chance.choice(script.severities)
        reporter = self.chance.choice([*self.setting.others(), *self.setting.responders()])
        # A restricted one is known to those who work on it only.
        reporter = self.lead if script.restricted else reporter
        title = self._said(self.chance.choice(script.titles))
        incident = flows.declare(
            actor=_as(reporter), now=self.plan.reported_at, project=self.setting.projects[name],
            title=title[:1].upper() + title[1:], description=self._said(script.description),
            type=self.setting.types[name, script.type], severity=self.setting.severities[name, severity],
            priority=self.setting.priorities[name, _priority(severity)],
            # The policies name whoever is on call; of a restricted one whoever found it leads.
            commander=self.lead.individual if script.restricted else None,
            tags=[self.setting.tags[name, group, word] for group, word in script.tags],
        )  # fmt: skip
        self.lead = self._leading(incident)
        return incident

    def _leading(self, incident: Incident) -> Person:
        held = Role.objects.of(incident).select_related("participant")
        commander = held.get(role=Role.Name.COMMANDER, renounced_at=None).participant.individual_id
        return next(person for person in self.setting.people.values() if person.individual.pk == commander)

    def _answer(self, page: Page, sleeps: bool, moment: datetime) -> None:
        """Whoever was paged acknowledges; sometimes the first one sleeps on, and the next one does and leads."""
        if sleeps:
            pages.advance(page_id=page.pk, now=moment)
        call = page.calls.order_by("-position").first()
        if call is not None:
            pages.acknowledge(page=page, individual=call.individual, way="link", actor=Actor.system(), now=moment)
        self.lead = self._leading(self.incident)

    # Who comes

    def _bring_in(self) -> list[Person]:
        """The lead calls some colleagues in the first half hour; one takes notes, one talks to the others."""
        pool = [person for person in self.setting.responders() if person is not self.lead]
        crew = self.chance.sample(pool, self.chance.randint(2, 4))
        extra = [] if self.script.restricted else self.chance.sample(self.setting.others(), self.chance.randint(0, 2))
        roles = [Role.Name.SCRIBE, Role.Name.LIAISON, *[Role.Name.PARTICIPANT] * 3]
        moment = self.plan.reported_at
        for person, role in [*zip(crew, roles, strict=False), *((one, Role.Name.OBSERVER) for one in extra)]:
            moment += self.chance.randint(2, 6) * MINUTE
            self._then(moment, partial(self._add, person, role))
        if self.script.type == "Malware" and self.chance.random() < CONSULTED:
            self._then(moment, partial(self._add, self.setting.people["Ines Costa"], Role.Name.PARTICIPANT))
        return crew

    def _add(self, person: Person, role: str, moment: datetime) -> None:
        values: dict[str, Any] = {"subject": self.incident, "individual": person.individual, "role": role}
        add = assign_role if role in Role.EXCLUSIVE else add_participant
        add(actor=_as(self.lead), now=moment, **values)

    # What they do

    def _work(self, crew: list[Person]) -> None:
        """What they find and decide, spread over the time until it is stable, or until now."""
        end = self.plan.stable_at or self.plan.until
        began = self.plan.reported_at + min(30 * MINUTE, (end - self.plan.reported_at) / 2)
        told = self.script.entries
        if self.plan.stable_at is None:
            # It is not over yet, so not all of it is known.
            told = told[: max(2, round(len(told) * self.chance.uniform(0.4, 0.8)))]
        moments = sorted(began + (end - began) * self.chance.uniform(0.02, 0.95) for _entry in told)
        for entry, moment in zip(told, moments, strict=True):
            writer = None if entry.startswith(DECISION) else self.chance.choice([None, *crew])
            self._then(moment, partial(self._write, writer, entry))
        middle = moments[len(moments) // 2]
        if end - self.plan.reported_at > LONG:
            self._then(middle - MINUTE, partial(self._hand_over, self._awake(middle, self.setting.responders())))
        if self.chance.random() < GRADED:
            self._then(middle, partial(self._grade, self.chance.choice(self.script.severities)))

    def _write(self, writer: Person | None, entry: str, moment: datetime) -> None:
        """An entry, by whoever leads then unless somebody else is named."""
        add_entry(
            subject=self.incident, actor=_as(writer or self.lead), now=moment, pinned=entry.startswith(PIN),
            kind=Event.Kind.DECISION if entry.startswith(DECISION) else Event.Kind.CUSTOM,
            description=self._said(entry.removeprefix(DECISION).removeprefix(PIN)),
        )  # fmt: skip

    def _hand_over(self, to: Person, moment: datetime) -> None:
        """The command follows the sun."""
        if to is self.lead:
            return
        note = NOTES[self.incident.pk % len(NOTES)]
        values: dict[str, Any] = {"subject": self.incident, "role": Role.Name.COMMANDER, "to": to.individual}
        offer = handovers.offer(actor=_as(self.lead), now=moment, summary=note, **values)
        handovers.accept(handover=offer, actor=_as(to), now=moment)
        self.lead = to

    def _grade(self, severity: str, moment: datetime) -> None:
        """More is known than at the report."""
        word = self.setting.severities[self.script.project, severity]
        flows.edit(incident=self.incident, severity=word, actor=_as(self.lead), now=moment)

    def _plan_tasks(self, crew: list[Person]) -> None:
        """What is left to do is written down while they work; of what is over most is done, mostly in time."""
        began, end = self.plan.reported_at, self.plan.stable_at or self.plan.until
        for title in self.script.tasks:
            written = began + (end - began) * self.chance.uniform(0.3, 0.9)
            due = written + timedelta(hours=self.chance.choice([8, 24, 72, 120]))
            done = written + (due - written) * self.chance.uniform(0.3, 1.4)
            doer = self.chance.choice(crew)
            self._then(written, partial(self._add_task, title, doer, due))
            if self.plan.closed_at is not None:
                done = min(done, self.plan.closed_at - MINUTE)
            if done < self.plan.until and (self.plan.closed_at or self.chance.random() < DONE):
                self._then(done, partial(self._finish_task, title, doer))

    def _add_task(self, title: str, doer: Person, due: datetime, moment: datetime) -> None:
        if not self._is_closed():
            tasks.create_task(
                subject=self.incident, title=self._said(title), owner=self.lead.individual,
                assignees=[doer.individual], due_at=max(due, moment + HOUR), actor=_as(self.lead), now=moment,
            )  # fmt: skip

    def _finish_task(self, title: str, doer: Person, moment: datetime) -> None:
        for task in Task.objects.of(self.incident).filter(title=self._said(title)):
            tasks.resolve_task(task=task, actor=Actor.system() if self._is_closed() else _as(doer), now=moment)

    def _is_closed(self) -> bool:
        self.incident.refresh_from_db()
        return not self.incident.is_open

    def _pay(self) -> None:
        """Bills come later than the first day."""
        lasted = self.plan.until - self.plan.reported_at
        if lasted < BILLED_AFTER:
            return
        for name, least, most, note in self.script.costs:
            if self.chance.random() < BILLED:
                amount = Decimal(self.chance.randint(least, most))
                moment = self.plan.reported_at + lasted * self.chance.uniform(0.5, 0.98)
                self._then(moment, partial(self._bill, name, amount, note))

    def _bill(self, name: str, amount: Decimal, note: str, moment: datetime) -> None:
        add_item(
            subject=self.incident, type=CostType.objects.get(project=self.incident.project, name=name), amount=amount,
            incurred_on=moment.date(), note=note, actor=_as(self.lead), now=moment,
        )  # fmt: skip

    # How it ends

    def _end(self) -> None:
        stable_at, closed_at = self.plan.stable_at, self.plan.closed_at
        if stable_at is None:
            return
        self._then(stable_at, partial(self._move, "stable", ""))
        self._then(stable_at + MINUTE, self._outside)
        if closed_at is None:
            return
        if self.plan.reopened:
            early = stable_at + (closed_at - stable_at) / 2
            self._then(early, partial(self._move, "closed", ""))
            self._then(early + 3 * HOUR, partial(self._move, "active", "Seen again on one machine."))
            self._then(early + 4 * HOUR, partial(self._write, None, "One machine was not on the list; rebuilt."))
            self._then(early + 5 * HOUR, partial(self._move, "stable", ""))
        self._then(closed_at - MINUTE, self._resolve)
        self._then(closed_at, partial(self._move, "closed", ""))
        self._then(closed_at, self._outside)

    def _resolve(self, moment: datetime) -> None:
        resolution = self._said(self.script.resolution)
        flows.edit(incident=self.incident, resolution=resolution, actor=_as(self.lead), now=moment)

    def _move(self, to: str, reason: str, moment: datetime) -> None:
        """By Dispatch where closing has ended the lead's role, and with it their right on a restricted one."""
        actor = Actor.system() if to == "active" else _as(self.lead)
        self.incident = flows.change_status(incident=self.incident, to=to, reason=reason, actor=actor, now=moment)

    def _awake(self, moment: datetime, people: list[Person]) -> Person:
        """Somebody for whom it is day, if there is one."""
        awake = [one for one in people if moment.astimezone(ZoneInfo(one.character.time_zone)).hour in WORKDAY]
        return self.chance.choice(awake or people)

    def _said(self, text: str) -> str:
        return text.format_map(self.fill)


def _as(person: Person) -> Actor:
    return Actor(user=person.user, face=Face.CONSOLE) if person.user else Actor.system()


def _priority(severity: str) -> str:
    return {"Critical": "High", "High": "High", "Medium": "Medium"}.get(severity, "Low")
