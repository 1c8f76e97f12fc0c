"""Database, cache, files and outgoing mail."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from .env import EMBEDDED, HOME, SQLITE, env

DATABASES: dict[str, dict[str, Any]]
_SCHEMES = ("postgres", "postgresql", "pgsql", "psql")
_LIKE = "postgres://user:password@host:5432/name"


def _postgres() -> dict[str, Any]:
    """What DATABASE_URL says. It holds a password: of what cannot be read nothing is repeated but how it begins."""
    scheme, there, _rest = env.str("DATABASE_URL").partition("://")
    if not there or scheme not in _SCHEMES:
        begins = f"“{scheme}://”" if there else "no such thing"
        raise ImproperlyConfigured(f"DATABASE_URL must be like {_LIKE}; it begins with {begins}.")
    try:
        return dict(env.db("DATABASE_URL"))
    except ValueError:
        raise ImproperlyConfigured(
            f"DATABASE_URL must be like {_LIKE}, the special characters of the password percent-encoded."
        ) from None


if EMBEDDED:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": SQLITE,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
            },
            # A WAL file, not memory: threads lock an in-memory test database.
            "TEST": {"NAME": str(HOME / "test.sqlite3")},
        }
    }
else:
    DATABASES = {"default": _postgres()}
    # A page asks many short questions. PostgreSQL takes a fifth of a second to compile one of ours and a hundredth to
    # answer it; starting processes for it takes longer than it saves; and on the disks of today the index is the way to
    # a rare word. It may be empty where a pooler between refuses it.
    _SHORT_QUESTIONS = "-c jit=off -c max_parallel_workers_per_gather=0 -c random_page_cost=1.1"
    _asked = env.str("DATABASE_OPTIONS", _SHORT_QUESTIONS)
    DATABASES["default"].setdefault("OPTIONS", {})
    # A machine that is gone says nothing; the system would wait for it for two minutes.
    DATABASES["default"]["OPTIONS"].setdefault("connect_timeout", 10)
    if _asked:
        DATABASES["default"]["OPTIONS"].setdefault("options", _asked)
    if env.bool("DATABASE_POOL", True):
        DATABASES["default"]["OPTIONS"]["pool"] = {
            "min_size": env.int("DATABASE_POOL_MIN", 1),
            "max_size": env.int("DATABASE_POOL_MAX", 16),
        }
    # Planning one of our questions costs more than answering it, so each connection keeps the plans it needs again.
    if env.bool("DATABASE_PREPARED", True):
        DATABASES["default"]["OPTIONS"].update(server_side_binding=True, prepare_threshold=2)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

ATOMIC_REQUESTS = False

REDIS_URL = env.str("REDIS_URL", "")
CACHES = {
    "default": (
        {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            # A cache that hangs must not hold a report up.
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
        }
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    ),
    # What each process remembers for itself.
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "process"},
}

# No public media address: files are read through views that ask access.
MEDIA_ROOT = HOME / "files"
ATTACHMENT_MAX_BYTES = env.int("ATTACHMENT_MAX_BYTES", 26_214_400)
ATTACHMENTS_PER_ENTRY = env.int("ATTACHMENTS_PER_ENTRY", 10)
# Endings without the dot; "*" allows all. Whatever it is, it is handed out as a download; pictures only are shown.
_ENDINGS = [
    "7z", "bmp", "csv", "doc", "docx", "eml", "evtx", "gif", "gz", "har", "ics", "jpeg", "jpg", "json", "jsonl",
    "log", "md", "mov", "mp3", "mp4", "msg", "odp", "ods", "odt", "pcap", "pcapng", "pdf", "png", "ppt", "pptx",
    "rtf", "tar", "tgz", "tsv", "txt", "wav", "webm", "webp", "xls", "xlsx", "xml", "xz", "yaml", "yml", "zip",
    "zst",
]  # fmt: skip
ATTACHMENT_ENDINGS = frozenset(env.list("ATTACHMENT_ENDINGS", default=_ENDINGS))
FILE_UPLOAD_HANDLERS = [
    "core.attachments.uploads.Bounded",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

EMAIL_BACKEND = env.str(
    "EMAIL_BACKEND",
    "django.core.mail.backends.smtp.EmailBackend"
    if env.str("EMAIL_HOST", "")
    else "django.core.mail.backends.filebased.EmailBackend",
)
EMAIL_FILE_PATH = HOME / "mail"
EMAIL_HOST = env.str("EMAIL_HOST", "localhost")
EMAIL_PORT = env.int("EMAIL_PORT", 25)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = env.bool("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT_SECONDS", 10)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "dispatch@localhost")
