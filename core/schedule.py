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
        description="Keys are kept for 24 hours.",
    )
)
