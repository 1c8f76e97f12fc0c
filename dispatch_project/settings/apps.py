"""What the installation is made of."""

INSTALLED_APPS = [
    # First, so that the console's templates win over the theme's.
    "core",
    "unfold.apps.BasicAppConfig",
    "core.console.apps.ConsoleConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "django_structlog",
    "simple_history",
    "people",
    "knowledge",
    "reporting",
    "integrations",
    "automation",
    "incidents",
    "cases",
]

MIDDLEWARE = [
    "core.metrics.requests.CountRequests",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "core.safety.BodyLimits",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "core.safety.SafeAnswers",
    "core.middleware.SessionSeen",
    "core.middleware.ReaderTimeZone",
    "core.middleware.RequestActor",
]

ROOT_URLCONF = "dispatch_project.urls"
WSGI_APPLICATION = "dispatch_project.wsgi.application"
ASGI_APPLICATION = "dispatch_project.asgi.application"
AUTH_USER_MODEL = "core.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en"
USE_I18N = True
FORMAT_MODULE_PATH = ["core.formats"]
USE_TZ = True
TIME_ZONE = "UTC"
