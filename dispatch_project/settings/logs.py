"""Structured logs: a constant sentence with values beside it, request and operation ids bound by context."""

import structlog

from core.redacting import without_secret_addresses

from .env import EMBEDDED, env

LOG_FORMAT = env.str("LOG_FORMAT", "console")
LOG_LEVEL = env.str("LOG_LEVEL", "INFO")

_SHARED = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]
# On a terminal the lines of each request and operation would bury the rest.
_EACH = env.str("LOG_LEVEL_REQUESTS", "WARNING" if EMBEDDED else "INFO")
_RENDERER = structlog.processors.JSONRenderer() if LOG_FORMAT == "json" else structlog.dev.ConsoleRenderer(colors=False)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _SHARED,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                without_secret_addresses,
                _RENDERER,
            ],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "django_structlog": {"level": _EACH},
        "core.operations": {"level": _EACH},
        # The in-memory broker has no host, and kombu says so each time.
        "kombu.connection": {"level": "ERROR"},
        # It tells each address that it calls, and those of webhooks and the dead man's switch are secrets.
        "httpx2": {"level": "WARNING"},
        "celery": {"level": env.str("LOG_LEVEL_CELERY", "WARNING")},
    },
}

structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.filter_by_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
DJANGO_STRUCTLOG_CELERY_ENABLED = True
