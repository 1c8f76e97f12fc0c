"""Configuration rows, organizations, projects and accounts: what may be saved, by whom, and what is kept of it."""

from functools import partial

import pytest
from django.db import connection
from django.db.models.deletion import ProtectedError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.errors import Conflict, Forbidden, InUse, Invalid, Stale
from core.flows import configuration, memberships, organizations, users
from core.flows.memberships import LastOwner
from core.models import BusinessHours, Membership, Organization, Project, Sequence, SubjectName, User
from incidents import flows as incidents
from incidents.models import Priority, Severity, Type
from knowledge.models import Tag, TagType, Template
from tests import factories as make
from tests.standins.threads import at_once

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def project():
    return make.make_project()


@pytest.fixture
def manager(project):
    return make.actor_for(make.make_member(project, "manager"), face="api")


def save(instance, actor=None, **options):
    return configuration.save(instance, actor=actor or make.system(), now=NOW, **options)


def default_of(project, model=Severity):
    return model.objects.get(project=project, default=True)


# Saving


def test_a_new_row_is_saved_with_a_history_row_that_names_user_face_and_request(project, manager):
    row = save(Severity(project=project, name="Extreme", colour="#000000"), manager)

    history = row.history.get()
    assert (history.history_type, history.history_user, history.face, history.request_id) == (
        "+", manager.user, "api", "test",
    )  # fmt: skip


def test_a_change_keeps_old_and_new_value_and_raises_the_version(project, manager):
    row = default_of(project)
    before = row.name

    row.name = "Unclear"
    save(row, manager, version=1)

    row.refresh_from_db()
    newest, older = row.history.order_by("-history_id")[:2]
    assert (row.name, row.version) == ("Unclear", 2)
    assert (newest.name, newest.history_user, older.name) == ("Unclear", manager.user, before)


@pytest.mark.parametrize("model", [Type, Severity, Priority])
def test_the_default_mark_moves_and_the_other_row_remembers_who_moved_it(project, manager, model):
    old = default_of(project, model)

    new = save(model(project=project, name="New", default=True), manager)

    old.refresh_from_db()
    assert default_of(project, model) == new
    assert (old.default, old.version) == (False, 2)
    assert old.history.first().history_user == manager.user


def test_the_mark_for_stable_incidents_moves_too_and_may_be_taken_away(project):
    low, high = Priority.objects.filter(project=project).order_by("order")[:2]
    low.for_stable = True
    save(low)
    high.for_stable = True
    save(high)

    assert Priority.objects.get(project=project, for_stable=True) == high
    high.for_stable = False
    save(high)
    assert not Priority.objects.filter(project=project, for_stable=True).exists()


def test_marks_of_other_projects_stay(project):
    other = make.make_project(project.organization)

    save(Severity(project=project, name="New", default=True))

    assert default_of(other).name == "Undetermined"


def test_the_template_mark_moves_within_its_kind_only(project):
    kinds = dict(Template.objects.filter(project=project, default=True).values_list("kind", "name"))

    save(Template(project=project, kind="review_document", name="New", body="# New", default=True))

    after = dict(Template.objects.filter(project=project, default=True).values_list("kind", "name"))
    assert after == {**kinds, "review_document": "New"}


def test_the_default_is_neither_taken_away_nor_disabled(project, manager):
    row = default_of(project)
    row.default = False
    with pytest.raises(Invalid) as taken:
        save(row, manager)
    row.default, row.enabled = True, False
    with pytest.raises(Invalid) as disabled:
        save(row, manager)

    assert (taken.value.field, disabled.value.field) == ("default", "enabled")
    assert row.version == 1
    row.refresh_from_db()
    assert (row.default, row.enabled, row.version) == (True, True, 1)


def test_a_disabled_row_does_not_become_the_default(project):
    old = default_of(project)

    with pytest.raises(Invalid):
        save(Severity(project=project, name="New", default=True, enabled=False))

    assert default_of(project) == old


def test_a_name_that_is_taken_names_the_row_there(project, manager):
    there = default_of(project)

    with pytest.raises(Conflict) as refused:
        save(Severity(project=project, name=there.name), manager)

    assert (refused.value.field, refused.value.params) == ("name", {"id": str(there.uuid)})
    assert Severity.objects.filter(project=project, name=there.name).count() == 1


def test_the_same_name_stands_in_another_project_and_in_another_case(project):
    other = make.make_project(project.organization)

    save(Severity(project=other, name="Extreme"))
    save(Severity(project=project, name="Extreme"))
    save(Severity(project=project, name="extreme"))

    assert Severity.objects.filter(name__in=["Extreme", "extreme"]).count() == 3


def test_a_key_of_somewhere_else_is_refused_without_telling_whose_it_is(project):
    project.name_prefix = "PAY"
    organizations.save_project(project, actor=make.system(), now=NOW)
    elsewhere = make.make_project()
    stranger = make.actor_for(make.make_member(elsewhere, "owner"))
    elsewhere.name_prefix = "PAY"

    with pytest.raises(Conflict) as refused:
        organizations.save_project(elsewhere, actor=stranger, now=NOW)

    assert (refused.value.field, refused.value.params) == ("name_prefix", {})


def test_a_prefix_that_another_project_gave_up_goes_on_after_its_names(project, django_assert_num_queries):
    def rename(row, prefix):
        row.name_prefix = prefix
        organizations.save_project(row, actor=make.system(), now=NOW)

    rename(project, "PAY")
    for _number in range(12):
        make.declare(project)
    rename(project, "OLD")
    make.declare(project)
    with CaptureQueriesContext(connection) as usual:
        assert make.declare(project).name == "OLD-INC-14"
    other = make.make_project(project.organization)
    SubjectName.objects.create(incident=make.declare(other), name="PAY-INC-99999999999999999999")

    rename(other, "PAY")

    with django_assert_num_queries(len(usual)):
        assert make.declare(other).name == "PAY-INC-13"
    rename(other, "NEW")
    assert make.declare(other).name == "NEW-INC-14"


def test_a_row_that_somebody_else_changed_is_not_overwritten(project, manager):
    mine, theirs = default_of(project), default_of(project)
    theirs.name = "Theirs"
    save(theirs)
    mine.name = "Mine"

    for version in (None, 1):
        with pytest.raises(Stale, match="Theirs"):
            save(mine, manager, version=version)
    save(mine, manager, version=2)

    assert default_of(project).name == "Mine"


def test_a_row_that_was_deleted_meanwhile_does_not_come_back(project):
    row = save(Severity(project=project, name="New"))
    configuration.delete(Severity.objects.get(pk=row.pk), actor=make.system())

    with pytest.raises(Stale):
        save(row)

    assert not Severity.objects.filter(name="New").exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": " \t"}, "name"),
        ({"name": "n" * 101}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"description": "\ud800"}, "description"),
        ({"colour": "red"}, "colour"),
        ({"colour": "#ffffff\n"}, "colour"),
        ({"order": -1}, "order"),
        ({"order": 2**63}, "order"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_written(project, manager, changes, field):
    row = default_of(project)
    before = Severity.objects.filter(pk=row.pk).values().get()
    for name, value in changes.items():
        setattr(row, name, value)

    with pytest.raises(Invalid) as refused:
        save(row, manager)

    assert refused.value.field == field
    assert Severity.objects.filter(pk=row.pk).values().get() == before
    assert row.history.count() == 1


def test_a_reference_into_another_project_is_refused(project):
    foreign = make.make_project(project.organization)
    template = Template.objects.filter(project=foreign).first()
    tag_type = save(TagType(project=foreign, name="Actor"))

    with pytest.raises(Invalid, match="another project"):
        save(Type(project=project, name="New", incident_template=template))
    with pytest.raises(Invalid, match="another project"):
        save(Tag(project=project, tag_type=tag_type, name="Insider"))

    assert not Type.objects.filter(name="New").exists()
    assert not Tag.objects.exists()


def test_a_row_does_not_move_to_another_project(project):
    row = save(Severity(project=project, name="New"))
    row.project = make.make_project(project.organization)

    with pytest.raises(Invalid) as refused:
        save(row)

    assert refused.value.field == "project"
    assert Severity.objects.get(name="New").project == project


@pytest.mark.parametrize(("role", "may"), [("member", False), ("responder", False), ("manager", True), ("admin", True)])
def test_managers_configure_and_those_below_do_not(project, role, may):
    actor = make.actor_for(make.make_member(project, role))

    if may:
        save(Severity(project=project, name="New"), actor)
    else:
        with pytest.raises(Forbidden):
            save(Severity(project=project, name="New"), actor)

    assert Severity.objects.filter(name="New").exists() is may


def test_a_manager_of_another_project_configures_nothing_here(project):
    actor = make.actor_for(make.make_member(make.make_project(project.organization), "manager"))

    with pytest.raises(Forbidden):
        save(default_of(project), actor)
    with pytest.raises(Forbidden):
        configuration.delete(Severity.objects.filter(project=project, default=False).first(), actor=actor)

    assert Severity.objects.filter(project=project).count() == 5


@pytest.mark.django_db(transaction=True)
def test_two_saving_the_same_version_at_once_leave_one_winner(project):
    calls = []
    for name in ("One", "Two"):
        row = default_of(project)
        row.name = name
        calls.append(partial(save, row))

    results = at_once(calls)

    assert sorted(type(result) for result in results if not isinstance(result, Severity)) == [Stale]
    assert default_of(project).version == 2


@pytest.mark.django_db(transaction=True)
def test_two_moving_the_mark_at_once_leave_one_default(project):
    rows = [save(Severity(project=project, name=name)) for name in ("One", "Two")]
    for row in rows:
        row.default = True

    at_once([partial(save, row) for row in rows])

    assert default_of(project).name in {"One", "Two"}


# Deleting


def test_an_unused_row_is_deleted_and_its_history_stays(project, manager):
    row = save(Severity(project=project, name="New"))

    configuration.delete(row, actor=manager)

    gone = Severity.history.filter(name="New").first()
    assert not Severity.objects.filter(name="New").exists()
    assert (gone.history_type, gone.history_user) == ("-", manager.user)


def test_a_used_row_is_not_deleted(project):
    severity = save(Severity(project=project, name="New"))
    tag_type = save(TagType(project=project, name="Actor"))
    tag = save(Tag(project=project, tag_type=tag_type, name="Insider"))
    incident = make.declare(project, severity=severity, tags=[tag])

    for row in (severity, tag_type, tag):
        with pytest.raises(InUse, match="Disable it instead"):
            configuration.delete(row, actor=make.system())

    assert list(incident.tags.all()) == [tag]
    incidents.edit(incident=incident, tags=[], actor=make.system(), now=NOW)
    configuration.delete(tag, actor=make.system())
    configuration.delete(tag_type, actor=make.system())
    assert not Tag.objects.exists()


def test_the_default_is_not_deleted(project):
    with pytest.raises(InUse, match="default"):
        configuration.delete(default_of(project), actor=make.system())

    assert default_of(project)


def test_a_project_with_incidents_is_not_deleted(project):
    make.declare(project)

    with pytest.raises(InUse):
        configuration.delete(project, actor=make.system())

    assert Severity.objects.filter(project=project).count() == 5
    with pytest.raises(ProtectedError):
        project.delete()


# Organizations and projects


def test_who_makes_an_organization_owns_it(project):
    owner = make.actor_for(make.make_member(project, "owner"))

    made = organizations.create_organization(name="Übung & Söhne", actor=owner, now=NOW)

    assert made.slug == "ubung-sohne"
    assert Membership.objects.get(organization=made).user == owner.user


@pytest.mark.parametrize("names", [("日本", "中国", "한국"), ("Ä", "A", "a!"), ("x" * 200, "X" * 200)])
def test_every_organization_gets_a_slug_of_its_own(names):
    made = [organizations.create_organization(name=name, actor=make.system(), now=NOW) for name in names]

    assert len({row.slug for row in made}) == len(names)
    assert [row.name for row in made] == list(names)


@pytest.mark.parametrize("name", ["", " ", "n" * 201, "a\0b", "\ud800"])
def test_an_organization_without_a_usable_name_is_not_made(name):
    with pytest.raises(Invalid) as refused:
        organizations.create_organization(name=name, actor=make.system(), now=NOW)

    assert refused.value.field == "name"
    assert not Organization.objects.exists()


def test_an_organization_of_the_same_name_is_not_made(project):
    with pytest.raises(Conflict) as refused:
        make.make_organization(project.organization.name)

    assert refused.value.field == "name"
    assert Organization.objects.count() == 1


@pytest.mark.parametrize("role", ["member", "responder", "manager", "admin"])
def test_only_owners_make_organizations_and_projects(project, role):
    actor = make.actor_for(make.make_member(project, role))

    with pytest.raises(Forbidden):
        organizations.create_organization(name="Mine", actor=actor, now=NOW)
    with pytest.raises(Forbidden):
        organizations.create_project(organization=project.organization, name="Mine", actor=actor, now=NOW)

    assert Organization.objects.count() == Project.objects.count() == 1


def test_a_project_begins_with_all_it_needs(project):
    assert project.default
    assert project.name_prefix == ""
    assert set(Sequence.objects.filter(project=project).values_list("prefix", flat=True)) == {"INC", "CASE", "TKT"}
    assert BusinessHours.objects.filter(project=project).count() == 5
    for model, count in ((Type, 1), (Severity, 5), (Priority, 3)):
        assert model.objects.filter(project=project).count() == count
        assert default_of(project, model)


@pytest.mark.parametrize("name", ["Payments", "payments!", "42 payments", "日本", "p" * 200, "A-B"])
def test_later_projects_get_a_prefix_of_their_own(project, name):
    made = [make.make_project(name=name) for _ in range(3)]

    prefixes = [row.name_prefix for row in made]
    assert len({"", *prefixes}) == 4
    assert all(1 <= len(prefix) <= 12 and prefix[0].isalpha() and prefix.isalnum() for prefix in prefixes)
    assert make.declare(made[2]).name == f"{prefixes[2]}-INC-1"


def test_a_prefix_is_free_even_when_hundreds_are_taken(project):
    Project.objects.bulk_create(
        Project(organization=project.organization, name=f"P{number}", name_prefix=f"PAYMENTSAB{number}"[:12])
        for number in range(2, 100)
    )
    Project.objects.create(organization=project.organization, name="first", name_prefix="PAYMENTSAB")

    assert make.make_project(name="Payments abc").name_prefix == "PAYMENTSA100"


def test_a_new_prefix_is_for_new_subjects_and_old_names_keep_working(project):
    old = make.declare(project)
    project.name_prefix = "PAY"

    organizations.save_project(project, actor=make.system(), now=NOW)

    assert (old.name, make.declare(project).name) == ("INC-1", "PAY-INC-2")


def test_names_are_not_given_again_when_another_project_takes_an_old_prefix(project):
    make.declare(project)
    project.name_prefix = "PAY"
    organizations.save_project(project, actor=make.system(), now=NOW)
    successor = make.make_project(name_prefix="")

    assert make.declare(successor).name == "INC-2"


@pytest.mark.parametrize("prefix", ["pay", "1PAY", "PAY-", "PAY\n", "P" * 13, "PÄY"])
def test_a_prefix_that_is_none_is_refused(project, prefix):
    project.name_prefix = prefix

    with pytest.raises(Invalid) as refused:
        organizations.save_project(project, actor=make.system(), now=NOW)

    assert refused.value.field == "name_prefix"
    assert Project.objects.get().name_prefix == ""


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc/passwd", "europe/berlin\n"])
def test_a_time_zone_that_is_none_is_refused(project, zone):
    project.time_zone = zone

    with pytest.raises(Invalid) as refused:
        organizations.save_project(project, actor=make.system(), now=NOW)

    assert refused.value.field == "time_zone"


def test_the_default_project_moves_within_its_organization(project):
    elsewhere = make.make_project()
    second = make.make_project(project.organization)
    second.default = True

    organizations.save_project(second, actor=make.system(), now=NOW)

    assert list(Project.objects.filter(default=True).order_by("pk")) == [elsewhere, second]


# Accounts


def test_an_invited_account_has_no_password_and_a_normalised_address(project):
    admin = make.actor_for(make.make_member(project, "admin"))

    user = users.invite(email=" Ada@EXAMPLE.com ", name="Ada", actor=admin, now=NOW)

    assert (user.email, user.has_usable_password(), user.is_staff) == ("ada@example.com", False, False)


@pytest.mark.parametrize(
    ("email", "name", "field"),
    [
        ("ada", "Ada", "email"), ("", "Ada", "email"), ("a\0@example.com", "Ada", "email"),
        ("a" * 60 + "@" + "b.c" * 80 + ".com", "Ada", "email"), ("ada@example.com", "n" * 201, "name"),
        ("ada@example.com", "a\0b", "name"), ("ada@example.com", "\udfff", "name"),
    ],
)  # fmt: skip
def test_a_wrong_account_is_not_made(email, name, field):
    with pytest.raises(Invalid) as refused:
        users.invite(email=email, name=name, actor=make.system(), now=NOW)

    assert refused.value.field == field
    assert not User.objects.exists()


def test_an_address_has_one_account(project):
    there = make.make_user("ada@example.com")

    with pytest.raises(Conflict) as refused:
        users.invite(email="ADA@example.com", name="", actor=make.system(), now=NOW)

    assert refused.value.params == {"id": str(there.uuid)}


@pytest.mark.parametrize("role", ["member", "responder", "manager"])
def test_nobody_below_admin_invites(project, role):
    with pytest.raises(Forbidden):
        users.invite(email="a@example.com", name="", actor=make.actor_for(make.make_member(project, role)), now=NOW)

    assert not User.objects.filter(email="a@example.com").exists()


def test_a_password_is_set_by_oneself_or_an_owner(project):
    user = make.make_member(project)
    owner = make.make_member(project, "owner")

    for actor, password in ((user, "a new long password"), (owner, "one more long password")):
        users.set_password(user=user, password=password, actor=make.actor_for(actor), now=NOW)
        user.refresh_from_db()
        assert user.check_password(password)


def test_an_owner_who_takes_somebody_in_does_not_open_their_account(project):
    victim = make.make_member(project, "admin")
    elsewhere = make.make_project()
    owner = make.actor_for(make.make_member(elsewhere, "owner"))
    memberships.grant(user=victim, project=elsewhere, role="member", actor=owner, now=NOW)

    with pytest.raises(Forbidden):
        users.set_password(user=victim, password="taken over by me", actor=owner, now=NOW)
    with pytest.raises(Forbidden):
        users.deactivate(user=victim, actor=owner, now=NOW)

    victim.refresh_from_db()
    assert victim.check_password("correct horse battery")
    assert victim.is_active


@pytest.mark.parametrize("password", ["short", "123456789012345", "password1234", "ada@example.com", ""])
def test_a_weak_password_is_refused(password):
    user = make.make_user("ada@example.com")

    with pytest.raises(Invalid) as refused:
        users.set_password(user=user, password=password, actor=make.actor_for(user), now=NOW)

    assert refused.value.field == "password"
    user.refresh_from_db()
    assert user.check_password("correct horse battery")


@pytest.mark.parametrize(("changes", "field"), [({"name": "a\0"}, "name"), ({"time_zone": "Mars"}, "time_zone")])
def test_a_wrong_profile_is_refused(changes, field):
    user = make.make_user()

    with pytest.raises(Invalid) as refused:
        users.edit_profile(user=user, actor=make.actor_for(user), now=NOW, **changes)

    assert refused.value.field == field
    user.refresh_from_db()
    assert user.version == 1


def test_deactivating_ends_the_sessions_and_reactivating_opens_the_account_again(project, client):
    make.make_member(project, "owner")
    user = make.make_member(project, "responder")
    client.force_login(user)
    assert client.session.get("_auth_user_id")

    users.deactivate(user=user, actor=make.system(), now=NOW)

    assert client.get("/admin/").status_code == 302
    assert users.reactivate(user=user, actor=make.system(), now=NOW).is_active


def test_the_last_owner_is_neither_revoked_nor_deactivated(project):
    owner = make.make_member(project, "owner")
    inactive = make.make_member(project, "owner")
    users.deactivate(user=inactive, actor=make.system(), now=NOW)

    with pytest.raises(LastOwner):
        users.deactivate(user=owner, actor=make.system(), now=NOW)
    with pytest.raises(LastOwner):
        memberships.revoke(membership=owner.memberships.get(), actor=make.system(), now=NOW)

    owner.refresh_from_db()
    assert owner.is_active
    assert owner.memberships.exists()


@pytest.mark.django_db(transaction=True)
def test_two_owners_leaving_at_once_leave_one(project):
    owners = [make.make_member(project, "owner") for _ in range(2)]

    results = at_once([partial(users.deactivate, user=owner, actor=make.system(), now=NOW) for owner in owners])

    assert sorted(type(result).__name__ for result in results) == ["LastOwner", "User"]
    assert User.objects.filter(is_active=True).count() == 1


@pytest.mark.parametrize(
    ("role", "scope", "field"),
    [
        ("owner", "project", "role"), ("member", "organization", "project"), ("king", "project", "role"),
        ("", "project", "role"), (None, "project", "role"),
    ],
)  # fmt: skip
def test_a_role_that_does_not_fit_is_not_granted(project, role, scope, field):
    user = make.make_user()
    place = {"project": project} if scope == "project" else {"organization": project.organization}

    with pytest.raises(Invalid) as refused:
        memberships.grant(user=user, role=role, actor=make.system(), now=NOW, **place)

    assert refused.value.field == field
    assert not Membership.objects.exists()


def test_a_second_grant_changes_the_role_and_is_in_the_history(project):
    admin = make.actor_for(make.make_member(project, "admin"))
    user = make.make_member(project, "member")

    granted = memberships.grant(user=user, project=project, role="manager", actor=admin, now=NOW, version=1)

    assert user.memberships.get().role == "manager"
    newest = granted.history.first()
    assert (newest.role, newest.history_user, newest.face) == ("manager", admin.user, "console")
    with pytest.raises(Stale):
        memberships.grant(user=user, project=project, role="admin", actor=admin, now=NOW, version=1)
