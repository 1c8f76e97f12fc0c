"""The ground's periodic jobs."""

from core.scheduling import Periodic, periodic

periodic(
    Periodic(
        name="Wake workers for forgotten operations",
        task="core.tasks.sweep",
        seconds=30,
        description="Hands out again what is due and nobody was woken for within two minutes.",
    )
)
periodic(
    Periodic(
        name="Forget old idempotency keys",
        task="core.tasks.clean",
        hour="3",
        minute="17",
        description="Idempotency keys after 24 hours, lapsed sessions, counts of failed log-ins, old account events.",
    )
)
periodic(
    Periodic(
        name="Show that workers live",
        task="core.tasks.heartbeat",
        seconds=30,
        description="Two minutes without it: a red banner in the console, and the web process sends pages itself.",
    )
)
periodic(
    Periodic(
        name="Tell the dead man's switch",
        task="core.tasks.tell_outside",
        seconds=60,
        description="Calls DEADMAN_URL, where one is set, so that another system notices when Dispatch falls silent.",
    )
)
periodic(
    Periodic(
        name="Delete files without an entry",
        task="core.tasks.sweep_files",
        hour="4",
        minute="41",
        description="What an undone upload or an erased entry left in the storage for more than an hour.",
    )
)
