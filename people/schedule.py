"""People's periodic jobs."""

from core.scheduling import Periodic, periodic

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
        name="Ask plugins who is on call",
        task="people.tasks.ask_rotations",
        seconds=300,
        description="For services whose rotation a plugin keeps. When it does not answer, what it last said stays.",
    )
)
periodic(
    Periodic(
        name="Look after pages",
        task="people.tasks.advance_pages",
        seconds=30,
        description="Calls the next person for pages past their deadline, should their own operation have been lost.",
    )
)
