"""Celery: a message only wakes a worker, so the embedded broker may live in memory."""

from .data import REDIS_URL
from .env import EMBEDDED, env

CELERY_BROKER_URL = REDIS_URL or "memory://"
REDIS_TRANSPORT = {
    "visibility_timeout": 900,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    # By default kombu tries for 6 seconds, and waits for ever on a server that hangs: a report would wait as long.
    "max_retries": 0,
    "socket_connect_timeout": 1,
    "socket_timeout": 3,
}
CELERY_BROKER_TRANSPORT_OPTIONS = REDIS_TRANSPORT if REDIS_URL else {"polling_interval": 0.05}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Publishing must not hold a report up: the sweep finds what a dead broker did not hear of.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "core.beating:Scheduler"
CELERY_TIMEZONE = "UTC"
CELERY_TASK_DEFAULT_QUEUE = "operations"
CELERY_TASK_ROUTES = {
    "core.tasks.*": {"queue": "operations"},
    "*.scheduled.*": {"queue": "scheduled"},
}

# One process hosts web, worker and beat; `./dispatch up` sets it for its gunicorn.
WORKER_IN_PROCESS = env.bool("DISPATCH_WORKER_IN_PROCESS", False)
WORKER_THREADS = env.int("WORKER_THREADS", 4)
# How many workers one plugin instance may hold at once, so that a hanging vendor leaves some for the rest.
OPERATIONS_PER_LANE = env.int("OPERATIONS_PER_LANE", 2 if EMBEDDED else 4)
