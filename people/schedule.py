"""People's periodic jobs."""

from core.scheduling import Periodic, periodic

periodic(
    Periodic(
        name="Look after pages",
        task="people.tasks.advance_pages",
        seconds=30,
        description="Calls the next person for pages past their deadline, should their own operation have been lost.",
    )
)
periodic(
    Periodic(
        name="Work out who is on call",
        task="people.tasks.refresh_rotations",
        minute="7",
        description="Each hour for the built-in rotations, eight weeks ahead. A change is worked out at once.",
    )
)
periodic(
    Periodic(
        name="Remind of tasks",
        task="people.tasks.remind_tasks",
        seconds=300,
        description="Once a working day of each project, when it has begun: tasks that are overdue or due today.",
    )
)
periodic(
    Periodic(
        name="Ask plugins who is on call",
        task="people.tasks.ask_rotations",
        seconds=300,
        description="For services whose rotation a plugin keeps. When it does not answer, what it last said stays.",
    )
)
periodic(
    Periodic(
        name="Ask how shifts were",
        task="people.tasks.ask_how_shifts_were",
        seconds=900,
        description="Once at the end of each shift, of the services that ask: a mail with a link.",
    )
)
