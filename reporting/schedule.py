"""Reporting's periodic jobs."""

from core.scheduling import Periodic, periodic

periodic(
    Periodic(
        name="Work out costs that are due",
        task="reporting.tasks.work_out_costs",
        seconds=60,
        description="After a role, a status or the project's rate changed, and each hour while people work on it.",
    )
)
periodic(
    Periodic(
        name="Check costs",
        task="reporting.tasks.check_costs",
        hour="2",
        minute="40",
        description="Works out all that is not final anew; what did not follow from its facts is repaired and logged.",
    )
)
