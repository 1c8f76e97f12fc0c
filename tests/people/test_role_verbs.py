"""Whatever is done with roles in whatever order: one holder, a full history, nobody twice."""

import contextlib
from collections import Counter
from datetime import timedelta

from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from core.errors import FlowError
from incidents import flows as incidents
from people.flows import (
    add_participant,
    assign_role,
    hand_over,
    handovers,
    pages,
    remove_participant,
    renounce_role,
)
from people.models import HandOver, Page, Participant, Role
from tests import factories as make

ROLES = ["incident_commander", "scribe", "liaison", "observer", "participant"]
VERBS = ["assign", "hand over", "add", "remove", "renounce", "offer", "accept", "decline", "page", "answer", "move"]

steps = st.lists(
    st.tuples(
        st.sampled_from(VERBS),
        st.integers(0, 3),
        st.sampled_from(ROLES),
        st.sampled_from(["active", "stable", "closed"]),
    ),
    max_size=14,
)


class RoleVerbs(TestCase):
    def setUp(self):
        self.project = make.make_project()
        self.people = [make.make_individual(self.project) for _ in range(4)]

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(steps)
    def test_any_sequence_of_verbs(self, steps):
        self.incident = make.declare(self.project, commander=self.people[0])
        start = timezone.now()
        ever: set[tuple[int, str]] = set()
        for number, (verb, who, role, status) in enumerate(steps):
            now = start + timedelta(minutes=number + 1)
            with contextlib.suppress(FlowError):
                self.do(verb, self.people[who], role, status, {"actor": make.system(), "now": now})
            ever |= self.check(ever)

    def do(self, verb, person, role, status, by):
        incident = self.incident
        incident.refresh_from_db()
        verbs = {
            "assign": lambda: assign_role(subject=incident, individual=person, role=role, **by),
            "hand over": lambda: hand_over(subject=incident, role=role, to=person, **by),
            "add": lambda: add_participant(subject=incident, individual=person, role=role, **by),
            "remove": lambda: remove_participant(subject=incident, individual=person, **by),
            "renounce": lambda: renounce_role(subject=incident, individual=person, role=role, **by),
            "offer": lambda: handovers.offer(subject=incident, role=role, to=person, **by),
            "accept": lambda: [handovers.accept(handover=row, **by) for row in self.offers()],
            "decline": lambda: [handovers.decline(handover=row, **by) for row in self.offers()],
            "page": lambda: pages.page(
                subject=incident, fact=f"{incident.pk}:{by['now']}", individual=person,
                role=role if role in Role.EXCLUSIVE else "", **by,
            ),
            "answer": lambda: [
                pages.acknowledge(page=row, individual=row.individual, way="api", **by)
                for row in Page.objects.of(incident).filter(status="exhausted") | pages.unanswered(incident)
            ],
            "move": lambda: incidents.change_status(incident=incident, to=status, **by),
        }  # fmt: skip
        verbs[verb]()

    def offers(self):
        return HandOver.objects.of(self.incident).filter(status="offered")

    def check(self, ever):
        """What holds after every step; returns the roles that were ever seen, which must not vanish."""
        self.incident.refresh_from_db()
        rows = list(Role.objects.of(self.incident).select_related("participant"))
        held = [row for row in rows if row.renounced_at is None]
        holders = Counter(row.role for row in held)
        assert all(holders[role] <= 1 for role in Role.EXCLUSIVE)
        if self.incident.is_open:
            assert holders["incident_commander"] == 1
        assert len({(row.participant_id, row.role) for row in held}) == len(held)
        assert all(row.participant.left_at is None for row in held)
        people = Participant.objects.of(self.incident).values_list("individual", flat=True)
        assert len(people) == len(set(people))
        for row in rows:
            assert row.renounced_at is None or row.renounced_at >= row.assumed_at
        seen = {(row.participant_id, row.role) for row in rows}
        assert ever <= seen
        for part in Participant.objects.of(self.incident).filter(left_at=None):
            if self.incident.is_open:
                assert any(row.participant_id == part.pk for row in held), "whoever takes part has a role"
        return seen
