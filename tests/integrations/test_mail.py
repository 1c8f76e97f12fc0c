"""Mail: who gets it, what it says, and what the mail server's answers come to."""

import smtplib
import ssl

import pytest
from django.core import mail
from django.test import override_settings
from django.utils import timezone

from core.actor import Actor, Face
from core.operations import flows as operation_flows
from core.operations import plan, queue
from core.operations.errors import NotConfigured, Permanent, Transient
from core.operations.models import Operation
from core.timeline import Event
from incidents import flows as incidents
from incidents.models import Incident
from integrations.capabilities import MailMessage
from integrations.models import OutgoingMail
from integrations.plugins.builtin.mail import DjangoMail, MailConfiguration
from integrations.plugins.builtin.mail_errors import classed
from people import flows as people
from tests import factories
from tests.standins.smtp import mail_server

pytestmark = pytest.mark.django_db

SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture
def responder(project):
    return factories.make_member(project, "responder", name="Rosa", email="rosa@example.com")


@pytest.fixture
def incident(project, responder):
    """An incident that its reporter commands, so that nobody is written to."""
    return factories.declare(project, by=responder, title="Laptop stolen", description="From a train.", commander=None)


def smtp(port: int, **more):
    return override_settings(EMAIL_BACKEND=SMTP, EMAIL_HOST="127.0.0.1", EMAIL_PORT=port, EMAIL_TIMEOUT=5, **more)


def add(incident, user, email="grace@example.com", **values):
    person = factories.make_individual(incident.project, email=email, name="Grace Hopper")
    people.add_participant(
        subject=incident, individual=person, actor=factories.actor_for(user), now=timezone.now(), **values
    )
    return person


def assign(incident, user, person, role):
    people.assign_role(
        subject=incident, individual=person, role=role, actor=factories.actor_for(user), now=timezone.now()
    )


def mails():
    return Operation.objects.filter(action="email.send").order_by("pk")


def test_somebody_who_is_added_gets_one_mail_that_tells_what_it_is_about(incident, responder):
    add(incident, responder)

    queue.run_due(100)

    (sent,) = mail.outbox
    assert sent.to == ["Grace Hopper <grace@example.com>"]
    assert sent.subject == f"[{incident.name}] You take part: Laptop stolen"
    assert "From a train." in sent.body
    assert "From a train." in sent.alternatives[0].content


def test_added_and_given_a_role_at_once_is_one_mail(incident, responder):
    person = factories.make_individual(incident.project, email="grace@example.com", name="Grace Hopper")

    assign(incident, responder, person, "incident_commander")
    assign(incident, responder, person, "scribe")
    queue.run_due(100)

    assert [sent.subject for sent in mail.outbox] == [
        f"[{incident.name}] You are Incident Commander, Scribe: Laptop stolen"
    ]


def test_a_later_role_is_a_mail_of_its_own(incident, responder):
    person = add(incident, responder)
    queue.run_due(100)

    assign(incident, responder, person, "liaison")
    queue.run_due(100)

    assert len(mail.outbox) == 2


def test_nobody_is_written_to_for_what_they_did_themselves(project, incident, responder):
    member = factories.make_member(project)

    people.join(subject=incident, actor=factories.actor_for(member), now=timezone.now())

    assert not mails().exists()


def test_a_reporter_named_by_somebody_else_is_written_to(project, responder):
    factories.declare(project, by=responder, reporter="grace@example.com", commander="rosa@example.com")

    assert [operation.arguments["individual"] for operation in mails()] == [
        factories.make_individual(project, email="grace@example.com").pk
    ]


@pytest.mark.parametrize(
    ("change", "why"),
    [("removed", "no part any more"), ("deleted", "deleted"), ("closed", "closed"), ("inactive", "not active")],
)
def test_a_mail_that_is_no_longer_wanted_is_not_sent(incident, responder, admin, change, why):
    person = add(incident, responder)
    now = timezone.now()
    if change == "removed":
        people.remove_participant(subject=incident, individual=person, actor=factories.actor_for(responder), now=now)
    elif change == "deleted":
        incidents.delete_subject(subject=incident, actor=factories.actor_for(admin), now=now)
    elif change == "closed":
        incidents.change_status(incident=incident, to="closed", actor=factories.actor_for(responder), now=now)
    else:
        person.is_active = False
        person.save()

    queue.run_due(100)

    assert mail.outbox == []
    assert why in mails().get().result["left"]


def test_a_restricted_incident_tells_name_and_type_and_no_more(project, responder):
    incident = factories.declare(
        project,
        by=responder,
        title="Secret takeover",
        description="Codename Falcon",
        visibility="restricted",
        commander=None,
    )
    add(incident, responder)

    queue.run_due(100)

    (sent,) = mail.outbox
    whole = sent.subject + sent.body + sent.alternatives[0].content
    assert incident.name in sent.subject
    assert "Secret takeover" not in whole
    assert "Falcon" not in whole
    assert "It is restricted" in sent.body


def test_a_close_reminder_goes_to_who_leads_while_it_is_stable(incident, responder):
    person = factories.individual_of(responder, incident.project)
    incidents.change_status(incident=incident, to="stable", actor=factories.actor_for(responder), now=timezone.now())
    arguments = {"template": "close_reminder", "individual": person.pk}
    plan("email.send", subject=incident, fact="week 1", arguments=arguments)
    queue.run_due(100)
    incidents.change_status(incident=incident, to="active", actor=factories.actor_for(responder), now=timezone.now())
    plan("email.send", subject=incident, fact="week 2", arguments=arguments)
    queue.run_due(100)

    (sent,) = mail.outbox
    assert sent.subject == f"[{incident.name}] Can it be closed?: Laptop stolen"
    assert mails().last().result["left"] == "nothing is left to remind of"


def test_hostile_text_can_neither_add_headers_nor_markup(project, responder):
    title = "x\r\nBcc: victim@example.com\n\n<script>alert(1)</script>"
    incident = factories.declare(project, by=responder, description="<img src=x onerror=alert(1)>", commander=None)
    # As an older version let it in.
    Incident.objects.filter(pk=incident.pk).update(title=title)
    person = add(incident, responder)
    person.name = 'Eve"\r\nBcc: victim@example.com <evil@example.com>'
    person.save()

    with mail_server() as server, smtp(server.port):
        queue.run_due(100)

    (sent,) = server.mails
    assert server.recipients == [["grace@example.com"]]
    assert sent["Bcc"] is None
    assert "Bcc: victim@example.com" in sent["Subject"]
    html = sent.get_body(("html",)).get_content()
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html


def test_what_was_sent_is_kept_as_sent_and_seen_by_those_who_see_the_incident(project, incident, responder):
    add(incident, responder)

    queue.run_due(100)

    kept = OutgoingMail.objects.get()
    assert kept.incident == incident
    assert kept.heading == mail.outbox[0].subject
    assert kept.text == mail.outbox[0].body
    assert kept.operation == mails().get()
    assert OutgoingMail.objects.visible_to(responder).exists()
    assert not OutgoingMail.objects.visible_to(factories.make_user()).exists()


def test_a_repeated_mail_carries_the_same_id_and_the_mails_of_an_incident_hang_together(incident, responder):
    add(incident, responder)
    operation = mails().get()
    queue.run_due(100)
    Operation.objects.filter(pk=operation.pk).update(status=Operation.Status.PENDING, next_attempt_at=timezone.now())
    queue.run_due(100)

    first, second = (sent.extra_headers for sent in mail.outbox)
    assert first["Message-ID"] == second["Message-ID"] == f"<{operation.uuid}@127.0.0.1>"
    assert first["References"] == f"<{incident.uuid}@127.0.0.1>"
    assert OutgoingMail.objects.count() == 1


def test_while_the_server_is_down_declaring_works_and_mail_waits_with_the_reason(project, responder):
    with mail_server() as server:
        port = server.port
    with smtp(port):
        incident = factories.declare(project, by=responder)
        queue.run_due(100)

        waiting = mails().get()
        assert incident.name
        assert waiting.status == Operation.Status.RETRYING
        assert waiting.error == f"The mail server 127.0.0.1:{port} refuses connections."
        assert not OutgoingMail.objects.exists()

        with mail_server(port) as server:
            operation_flows.retry(operation=waiting, actor=Actor.system(Face.COMMAND), now=timezone.now())
            queue.run_due(100)

    waiting.refresh_from_db()
    assert (waiting.status, waiting.error) == (Operation.Status.SUCCEEDED, "")
    assert [sent["To"] for sent in server.mails] == ["Commander <commander@example.com>"]
    assert OutgoingMail.objects.count() == 1


@pytest.mark.parametrize(
    ("answers", "status", "says"),
    [
        ({"RCPT": "550 no such user"}, "failed", "does not take mail for grace@example.com: 550 no such user"),
        (
            {"RCPT": "450 mailbox busy"},
            "retrying",
            "takes no mail for grace@example.com at the moment: 450 mailbox busy",
        ),
        ({"MAIL": "451 try later"}, "retrying", "asks to try later: 451 try later"),
        ({"MAIL": "553 not yours"}, "failed", "refuses the mail: 553 not yours"),
        ({"END": "554 spam"}, "failed", "refuses the mail: 554 spam"),
        ({"END": "452 disk full"}, "retrying", "asks to try later: 452 disk full"),
        ({"CONNECT": "421 too busy"}, "retrying", "asks to try later: 421 too busy"),
        ({"CONNECT": "554 go away"}, "failed", "refuses the mail: 554 go away"),
    ],
)
def test_a_refusal_is_told_in_the_servers_words_and_classed(incident, responder, answers, status, says):
    add(incident, responder)

    with mail_server() as server, smtp(server.port):
        server.answers.update(answers)
        queue.run_due(100)

    operation = mails().get()
    assert operation.status == status
    assert says in operation.error
    assert not OutgoingMail.objects.exists()
    assert Event.objects.of(incident).filter(kind=Event.Kind.OPERATION).count() == (1 if status == "failed" else 0)


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (smtplib.SMTPAuthenticationError(535, b"bad"), NotConfigured, "refuses our user name and password (535)"),
        (smtplib.SMTPAuthenticationError(454, b"later"), Transient, "try later: 454 later"),
        (smtplib.SMTPNotSupportedError("no STARTTLS"), NotConfigured, "lacks what is asked of it: no STARTTLS"),
        (smtplib.SMTPServerDisconnected("gone"), Transient, "ended the connection"),
        (ssl.SSLCertVerificationError("self-signed"), NotConfigured, "certificate is not trusted"),
        (TimeoutError("timed out"), Transient, "does not answer in time"),
        (ConnectionResetError("reset"), Transient, "ended the connection"),
        (OSError("disk full"), Transient, "could not be handed over: disk full"),
        (smtplib.SMTPDataError(552, b"a\r\n" + b"b" * 1000), Permanent, "refuses the mail: 552 a bbb"),
    ],
)
def test_each_kind_of_failure_is_classed_in_plain_words(error, kind, says):
    found = classed(error)

    assert type(found) is kind
    assert says in found.message
    assert len(found.message) < 400


def test_the_check_of_the_mail_server_says_what_is_wrong():
    plugin = DjangoMail(MailConfiguration(), project_id=None)

    with mail_server() as server, smtp(server.port):
        well = plugin.check()
    with smtp(server.port):
        ill = plugin.check()

    assert (well.ok, well.message) == (True, f"The mail server 127.0.0.1:{server.port} answers.")
    assert (ill.ok, ill.message) == (False, f"The mail server 127.0.0.1:{server.port} refuses connections.")
    assert plugin.check().ok


def test_sender_and_answers_follow_the_configuration():
    plugin = DjangoMail(MailConfiguration(sender="soc@example.com", reply_to="desk@example.com"), project_id=None)

    plugin.send(
        message=MailMessage(
            message_id="1@x",
            thread_id="2@x",
            to_address="a@example.com",
            to_name="",
            heading="h",
            text="t",
            html="<p>t</p>",
        )
    )

    assert (mail.outbox[0].from_email, mail.outbox[0].reply_to) == ("soc@example.com", ["desk@example.com"])


def test_a_heading_with_a_line_break_that_slipped_through_is_refused():
    plugin = DjangoMail(MailConfiguration(), project_id=None)

    with pytest.raises(Permanent, match="cannot be written"):
        plugin.send(
            message=MailMessage(
                message_id="1@x", thread_id="2@x", to_address="a@example.com", to_name="", text="t", html="",
                heading="h\nBcc: v@example.com",
            )
        )  # fmt: skip

    assert mail.outbox == []


def test_an_unknown_mail_fails_at_once(incident, responder):
    person = factories.individual_of(responder, incident.project)
    plan("email.send", subject=incident, fact="x", arguments={"template": "surprise", "individual": person.pk})

    queue.run_due(100)

    assert (mails().get().status, mails().get().error) == (Operation.Status.FAILED, "There is no mail “surprise”.")
