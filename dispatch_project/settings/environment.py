"""What each variable means: the table of docs/configuration.md is made of this, and a test holds both to the code."""

from typing import Final, NamedTuple


class Variable(NamedTuple):
    """A variable of the environment; `default` in words."""

    name: str
    default: str
    meaning: str


ENVIRONMENT: Final[dict[str, tuple[Variable, ...]]] = {
    "Where things are": (
        Variable("DISPATCH_HOME", "`var/`", "database, files, outgoing mail, backups and generated secrets"),
        Variable("DATABASE_URL", "none: SQLite in `DISPATCH_HOME`", "`postgres://user:password@host:5432/name`"),
        Variable("DATABASE_POOL", "on", "connections are kept open by each process (PostgreSQL)"),
        Variable("DATABASE_POOL_MIN", "1", "as few of them"),
        Variable("DATABASE_POOL_MAX", "16", "as many of them, in each process"),
        Variable(
            "DATABASE_OPTIONS",
            "no JIT, no parallel workers, cheap index pages",
            "what each connection asks of PostgreSQL, `-c name=value …`; empty where a pooler between refuses it",
        ),
        Variable(
            "DATABASE_PREPARED",
            "on",
            "connections keep the plans of what they ask again; `off` behind a pooler that shares them by transaction",
        ),
        Variable("REDIS_URL", "none: `memory://`", "broker and cache, `redis://host:6379/0`"),
        Variable("BACKUP_DIR", "`DISPATCH_HOME/backups`", "where `backup` writes and `preflight` looks"),
    ),
    "Secrets": (
        Variable("SECRET_KEY", "generated", "signs sessions, links in mail and more; at least 50 random characters"),
        Variable(
            "SECRET_KEY_FALLBACKS",
            "none",
            "former keys, comma-separated: what they signed stays valid. Never one that leaked",
        ),
        Variable(
            "FIELD_ENCRYPTION_KEYS",
            "generated",
            "Fernet keys, comma-separated, newest first; encrypt plugin configuration."
            " `manage.py rotate_encryption` re-encrypts with the newest",
        ),
    ),
    "Addresses and the web": (
        Variable("BASE_URL", "`http://127.0.0.1:8000`", "the address people reach Dispatch under; links in mail"),
        Variable("ALLOWED_HOSTS", "embedded: any; else localhost", "host names that are answered, comma-separated"),
        Variable("CSRF_TRUSTED_ORIGINS", "none", "further origins of forms, `https://name`, comma-separated"),
        Variable("HTTPS", "follows `BASE_URL`", "secure cookies"),
        Variable("SECURE_SSL_REDIRECT", "follows `HTTPS`", "redirect plain requests"),
        Variable("SECURE_HSTS_SECONDS", "a year with `HTTPS`, else 0", "strict transport"),
        Variable("BEHIND_PROXY", "off", "trust `X-Forwarded-Proto` of a reverse proxy that sets it"),
        Variable(
            "TRUSTED_PROXIES",
            "1 with `BEHIND_PROXY`, else 0",
            "how many proxies stand before us and add to `X-Forwarded-For`",
        ),
        Variable("SESSION_SECONDS", "43200", "how long a session lasts"),
        Variable("MAX_BODY_BYTES", "2621440", "largest request body"),
        Variable("MAX_UPLOAD_BYTES", "67108864", "largest request that brings files"),
        Variable("API_REQUESTS_PER_MINUTE", "1200", "for each token, and each person in the browser; 0: no limit"),
        Variable("ATTACHMENT_MAX_BYTES", "26214400", "largest file on a timeline"),
        Variable("ATTACHMENTS_PER_ENTRY", "10", "how many files an entry takes"),
        Variable(
            "ATTACHMENT_ENDINGS",
            "pictures, office, text, archives, captures",
            "endings that may be attached, comma-separated; `*` for all",
        ),
        Variable(
            "WEBHOOK_PRIVATE_ADDRESSES",
            "off",
            "let people's webhooks lead into private networks (10.0.0.0/8, …)",
        ),
        Variable("STATIC_MANIFEST", "off", "serve collected, compressed, hashed static files (after `collectstatic`)"),
        Variable("WEB_BIND", "`0.0.0.0:8000`", "where production's gunicorn listens"),
        Variable("WEB_WORKERS", "2", "its processes"),
        Variable("WEB_THREADS", "4", "threads of each"),
    ),
    "Mail": (
        Variable("EMAIL_HOST", "none: files in `DISPATCH_HOME/mail`", "the mail server"),
        Variable("EMAIL_PORT", "25", "its port"),
        Variable("EMAIL_HOST_USER", "none", "the account there"),
        Variable("EMAIL_HOST_PASSWORD", "none", "its password"),
        Variable("EMAIL_USE_TLS", "off", "STARTTLS (port 587)"),
        Variable("EMAIL_USE_SSL", "off", "TLS from the start (port 465)"),
        Variable("EMAIL_TIMEOUT_SECONDS", "10", "how long one try may take"),
        Variable("EMAIL_BACKEND", "follows `EMAIL_HOST`", "another of Django's ways to send"),
        Variable("DEFAULT_FROM_EMAIL", "`dispatch@localhost`", "the sender"),
    ),
    "Work": (
        Variable("WORKER_THREADS", "4", "workers of the embedded process"),
        Variable(
            "OPERATIONS_PER_LANE",
            "embedded 2, else 4",
            "how many workers one plugin instance may hold at once, and how many long jobs run; keep it below the"
            " number of workers",
        ),
        Variable("DISPATCH_WORKER_IN_PROCESS", "off", "set by `./dispatch up`: workers live in the web process"),
        Variable("DISPATCH_OWNER_EMAIL", "`owner@dispatch.example`", "whom `first_owner` makes the first owner"),
    ),
    "Monitoring": (
        Variable("METRICS_TOKEN", "none", "`/metrics` answers who sends it as `Authorization: Bearer …`"),
        Variable(
            "METRICS_ALLOW",
            "none",
            "networks that may read `/metrics` without a token, comma-separated; it is the connection's own address"
            " that counts",
        ),
        Variable("METRICS_DIR", "made by production's gunicorn", "where its processes put their counts together"),
        Variable("DEADMAN_URL", "none", "called each minute while workers run and pages go out"),
        Variable("LOG_FORMAT", "`console`", "`json` for machines"),
        Variable("LOG_LEVEL", "`INFO`", "of all"),
        Variable("LOG_LEVEL_REQUESTS", "embedded `WARNING`, else `INFO`", "of the lines of each request and operation"),
        Variable("LOG_LEVEL_CELERY", "`WARNING`", "of Celery's own"),
        Variable("DEBUG", "off", "Django's debug pages; never in production"),
    ),
}
