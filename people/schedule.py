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
        name="Remind of tasks",
        task="people.tasks.remind_tasks",
        seconds=300,
        description="Once a working day of each project, when it has begun: tasks that are overdue or due today.",
    )
)
