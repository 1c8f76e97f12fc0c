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
