"""What incidents and cases share. Written once, against the subject; the apps add only what differs."""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core import access
from core.models.base import Identified, Record
from core.validators import storable

# The two bases a new kind of subject touches: one nullable foreign key each in SubjectOwned and SubjectLinked.
KINDS = access.KINDS


class Visibility(models.TextChoices):
    OPEN = "open", _("Open")
    RESTRICTED = "restricted", _("Restricted")


class SubjectQuerySet(models.QuerySet[Any]):
    """The named selections. Every query for a user starts at `visible_to`."""

    def kept(self) -> Self:
        """Without the deleted ones."""
        return self.filter(deleted_at=None)

    def visible_to(self, user: Any) -> Self:
        """What the user may see; deleted ones are left out."""
        return self.kept().filter(access.subject_filter(self.model, user))

    def deleted_visible_to(self, user: Any) -> Self:
        """Deleted ones that the user may restore (admins and owners)."""
        return self.filter(deleted_at__isnull=False, project__in=access.projects_where(user, access.Right.DELETE))


class Subject(Record):
    """An incident or a case. Free text is stored to the letter; `description` may be empty.

    :cvar kind: the name of the foreign key in `SubjectOwned` and of the sequence.
    :cvar lead_role: the role that leads it (commander, assignee).
    """

    kind: ClassVar[str]
    lead_role: ClassVar[str]
    open_statuses: ClassVar[frozenset[str]]

    project = models.ForeignKey("core.Project", on_delete=models.PROTECT, related_name="%(app_label)s_%(class)ss")
    name = models.CharField(_("name"), max_length=64, unique=True, editable=False)
    title = models.CharField(_("title"), max_length=500, validators=[storable])
    description = models.TextField(_("description"), blank=True, validators=[storable])
    resolution = models.TextField(_("resolution"), blank=True, validators=[storable])
    status = models.CharField(_("status"), max_length=12)
    visibility = models.CharField(_("visibility"), max_length=12, choices=Visibility.choices, default=Visibility.OPEN)
    # Lazy names: each app has a Type, Severity and Priority of its own.
    type = models.ForeignKey(  # type: ignore[misc]
        "Type", on_delete=models.PROTECT, related_name="%(app_label)s_%(class)ss"
    )
    severity = models.ForeignKey(  # type: ignore[misc]
        "Severity", on_delete=models.PROTECT, related_name="%(app_label)s_%(class)ss"
    )
    priority = models.ForeignKey(  # type: ignore[misc]
        "Priority", on_delete=models.PROTECT, related_name="%(app_label)s_%(class)ss"
    )
    tags = models.ManyToManyField("knowledge.Tag", blank=True, related_name="%(app_label)s_%(class)ss")
    reported_at = models.DateTimeField(_("reported"), default=timezone.now)
    stable_at = models.DateTimeField(_("stable"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The timeline's length and last hash; the row is also the lock under which events are appended.
    event_count = models.PositiveIntegerField(default=0, editable=False)
    event_head = models.CharField(max_length=64, blank=True, editable=False)

    objects = SubjectQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.name} {self.title}"

    @property
    def is_open(self) -> bool:
        """Somebody still works on it."""
        return self.status in self.open_statuses

    @property
    def is_restricted(self) -> bool:
        return self.visibility == Visibility.RESTRICTED

    @property
    def as_owner(self) -> dict[str, Self]:
        """The keyword that points a `SubjectOwned` or `SubjectLinked` row at this subject."""
        return {self.kind: self}


def exactly_one() -> Q:
    """The condition that just one of the subjects' foreign keys is set."""
    either = Q()
    for kind in KINDS:
        either |= Q(**{f"{other}__isnull": other != kind for other in KINDS})
    return either


def at_most_one() -> Q:
    """The condition that no two of the subjects' foreign keys are set."""
    return exactly_one() | Q(**{f"{kind}__isnull": True for kind in KINDS})


class OwnedQuerySet(models.QuerySet[Any]):
    """Rows of one subject, and of the subjects a user may see."""

    def of(self, subject: Subject) -> Self:
        return self.filter(**{f"{subject.kind}_id": subject.pk})

    def visible_to(self, user: Any) -> Self:
        return self.filter(access.owned_filter(self.model, user))


class SubjectRelated(models.Model):
    """The way from a row to its subject, for both bases."""

    incident = models.ForeignKey(
        "incidents.Incident", null=True, blank=True, on_delete=models.CASCADE, related_name="%(class)ss"
    )
    case = models.ForeignKey("cases.Case", null=True, blank=True, on_delete=models.CASCADE, related_name="%(class)ss")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def subject(self) -> Any:
        """The incident or case, or None."""
        return self.incident if self.incident_id else self.case

    @property
    def subject_key(self) -> tuple[str, int] | None:
        """Kind and primary key without a query."""
        for kind in KINDS:
            pk = getattr(self, f"{kind}_id")
            if pk:
                return kind, pk
        return None


class SubjectOwned(SubjectRelated):
    """A row that belongs to exactly one subject."""

    class Meta:
        abstract = True
        constraints = [models.CheckConstraint(condition=exactly_one(), name="%(app_label)s_%(class)s_one_subject")]


class SubjectLinked(SubjectRelated):
    """A row that may point at one subject, beside a project or an organization."""

    project = models.ForeignKey(
        "core.Project", null=True, blank=True, on_delete=models.CASCADE, related_name="%(class)ss"
    )
    organization = models.ForeignKey(
        "core.Organization", null=True, blank=True, on_delete=models.CASCADE, related_name="%(class)ss"
    )

    class Meta:
        abstract = True
        constraints = [models.CheckConstraint(condition=at_most_one(), name="%(app_label)s_%(class)s_max_one_subject")]


class Sequence(models.Model):
    """The next number of a project's subjects of one kind. Locked while a name is born; gaps are allowed."""

    project = models.ForeignKey("core.Project", on_delete=models.CASCADE, related_name="sequences")
    kind = models.CharField(max_length=16)
    prefix = models.CharField(max_length=24, unique=True)
    last_number = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "kind"], name="sequence_one_per_kind")]

    def __str__(self) -> str:
        return f"{self.prefix}-{self.last_number}"


class SubjectName(SubjectOwned):
    """Every name a subject has or had. Unique in the installation, also after deletion."""

    name = models.CharField(max_length=64, unique=True)
    given_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name


class ExternalKey(SubjectOwned):
    """What a subject is called in the system it was imported from, so that a second import finds it."""

    system = models.CharField(max_length=32)
    key = models.CharField(max_length=200)

    class Meta(SubjectOwned.Meta):
        constraints = [
            *SubjectOwned.Meta.constraints,
            models.UniqueConstraint(fields=["system", "key"], name="external_key_once"),
        ]

    def __str__(self) -> str:
        return f"{self.system}:{self.key}"


class StatusChange(Identified, SubjectOwned):
    """One move of the status; the first row of a subject has no `from_status`. Nothing else moves a status."""

    from_status = models.CharField(max_length=12, blank=True)
    to_status = models.CharField(max_length=12)
    reason = models.TextField(blank=True)
    changed_at = models.DateTimeField()
    user = models.ForeignKey("core.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(SubjectOwned.Meta):
        indexes = [
            models.Index(fields=["incident", "changed_at"], name="move_by_incident"),
            models.Index(fields=["case", "changed_at"], name="move_by_case"),
        ]

    def __str__(self) -> str:
        return f"{self.from_status or '-'} → {self.to_status}"


class SubjectLink(Identified):
    """Joins two subjects of any kind, read from `source`: source is a duplicate of, caused by, part of … target."""

    class Kind(models.TextChoices):
        DUPLICATE_OF = "duplicate_of", _("duplicate of")
        RELATED = "related", _("related to")
        CAUSED_BY = "caused_by", _("caused by")
        PART_OF = "part_of", _("part of")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    source_incident = models.ForeignKey(
        "incidents.Incident", null=True, blank=True, on_delete=models.CASCADE, related_name="links_out"
    )
    source_case = models.ForeignKey(
        "cases.Case", null=True, blank=True, on_delete=models.CASCADE, related_name="links_out"
    )
    target_incident = models.ForeignKey(
        "incidents.Incident", null=True, blank=True, on_delete=models.CASCADE, related_name="links_in"
    )
    target_case = models.ForeignKey(
        "cases.Case", null=True, blank=True, on_delete=models.CASCADE, related_name="links_in"
    )
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey("core.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(source_incident__isnull=False, source_case=None)
                    | Q(source_incident=None, source_case__isnull=False)
                ),
                name="link_one_source",
            ),
            models.CheckConstraint(
                condition=(
                    Q(target_incident__isnull=False, target_case=None)
                    | Q(target_incident=None, target_case__isnull=False)
                ),
                name="link_one_target",
            ),
            models.CheckConstraint(
                condition=~Q(source_incident=models.F("target_incident")) & ~Q(source_case=models.F("target_case")),
                name="link_not_to_itself",
            ),
            # One constraint a pair of kinds: NULLs are distinct in a unique index on both databases.
            *(
                models.UniqueConstraint(fields=["kind", f"source_{a}", f"target_{b}"], name=f"link_once_{a}_{b}")
                for a in KINDS
                for b in KINDS
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.get_kind_display()} {self.target}"

    @property
    def source(self) -> Any:
        return self.source_incident if self.source_incident_id else self.source_case

    @property
    def target(self) -> Any:
        return self.target_incident if self.target_incident_id else self.target_case
