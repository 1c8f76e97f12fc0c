"""The mails about people's part."""

from people.mails import oncall, participants, tasks  # noqa: F401 (they register themselves)
