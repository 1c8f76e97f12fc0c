"""Incidents' periodic jobs."""

from core.scheduling import Periodic, periodic

periodic(
    Periodic(
        name="Remind commanders to close",
        task="incidents.tasks.remind_to_close",
        description="Asks the commanders of incidents stable for seven days, once a week in each project's calendar.",
    )
)
