"""Tags: kept in a project, found by name, one of an exclusive type at most."""

import pytest
from django.utils import timezone

from core.errors import Conflict, Forbidden, Invalid, Stale
from knowledge import flows
from knowledge.models import Tag, TagType
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def tag_in(project, manager):
    """Make a tag `Type/name` the way a manager does."""

    def make(type_name, name, exclusive=False, **fields):
        actor, now = factories.actor_for(manager), timezone.now()
        tag_type = TagType.objects.filter(project=project, name=type_name).first() or flows.save_tag_type(
            TagType(project=project, name=type_name, exclusive=exclusive), actor=actor, now=now
        )
        return flows.save_tag(Tag(project=project, tag_type=tag_type, name=name, **fields), actor=actor, now=now)

    return make


def test_tags_are_found_by_name_by_type_and_name_and_by_id_in_the_order_given(project, tag_in):
    phishing, team, odd = tag_in("Cause", "phishing"), tag_in("Team", "blue"), tag_in("Team", "a/b")

    found = flows.resolve_tags(project, ["blue", "Cause/phishing", str(odd.uuid), "a/b", "blue"])

    assert found == [team, phishing, odd]


def test_nothing_named_is_nothing_found(project):
    assert flows.resolve_tags(project, []) == []


def test_finding_takes_one_query_however_many_are_named(project, tag_in, django_assert_num_queries):
    names = [tag_in("Cause", f"cause {number}").name for number in range(5)]

    with django_assert_num_queries(1):
        flows.resolve_tags(project, names)


def test_an_ambiguous_name_is_refused_with_the_ways_to_say_it(project, tag_in):
    tag_in("Cause", "blue")
    tag_in("Team", "blue")

    with pytest.raises(Invalid) as refusal:
        flows.resolve_tags(project, ["blue"])

    assert refusal.value.message == "Several tags are called “blue”. Write one of Cause/blue, Team/blue."
    assert refusal.value.field == "tags"


@pytest.mark.parametrize(
    "name", ["unknown", "Cause/unknown", "Unknown/phishing", "PHISHING", "", "00000000-0000-4000-8000-000000000000"]
)
def test_an_unknown_name_is_named(project, tag_in, name):
    tag_in("Cause", "phishing")

    with pytest.raises(Invalid, match="There is no tag"):
        flows.resolve_tags(project, [name])


def test_a_disabled_tag_is_not_chosen_anew(project, tag_in):
    tag_in("Cause", "old", enabled=False)

    with pytest.raises(Invalid, match="“old” is disabled"):
        flows.resolve_tags(project, ["old"])


def test_of_two_tags_of_one_name_the_enabled_one_is_meant(project, tag_in):
    tag_in("Cause", "blue", enabled=False)
    enabled = tag_in("Team", "blue")

    assert flows.resolve_tags(project, ["blue"]) == [enabled]


def test_tags_of_another_project_do_not_exist_here(project, tag_in):
    phishing = tag_in("Cause", "phishing")

    for name in ("phishing", str(phishing.uuid)):
        with pytest.raises(Invalid, match="There is no tag"):
            flows.resolve_tags(factories.make_project(), [name])


def test_two_tags_of_an_exclusive_type_are_refused_by_name(tag_in):
    one, other = tag_in("Certainty", "sure", exclusive=True), tag_in("Certainty", "unsure")

    with pytest.raises(Invalid, match="“sure” and “unsure” exclude each other: both are “Certainty”"):
        flows.check_exclusive([one, other])


def test_one_of_each_type_and_the_same_one_twice_are_fine(tag_in):
    one, other = tag_in("Certainty", "sure", exclusive=True), tag_in("Cause", "phishing")

    flows.check_exclusive([one, other, one, tag_in("Cause", "loss")])


def test_a_tag_whose_type_is_another_projects_is_refused(project, manager, tag_in):
    foreign = TagType.objects.create(project=factories.make_project(), name="Theirs")

    with pytest.raises(Invalid) as refusal:
        flows.save_tag(
            Tag(project=project, tag_type=foreign, name="x"), actor=factories.actor_for(manager), now=timezone.now()
        )

    assert refusal.value.field == "tag_type"
    assert not Tag.objects.filter(name="x").exists()


def test_a_taken_name_and_an_old_version_are_refused(project, manager, tag_in):
    tag = tag_in("Cause", "phishing")

    with pytest.raises(Conflict):
        tag_in("Cause", "phishing")
    tag.name = "spear phishing"
    with pytest.raises(Stale):
        flows.save_tag(tag, actor=factories.actor_for(manager), now=timezone.now(), version=7)

    assert list(Tag.objects.values_list("name", flat=True)) == ["phishing"]


def test_nobody_below_manager_makes_tags(project):
    responder = factories.make_member(project, "responder")

    with pytest.raises(Forbidden):
        flows.save_tag_type(
            TagType(project=project, name="x"), actor=factories.actor_for(responder), now=timezone.now()
        )

    assert not TagType.objects.exists()
