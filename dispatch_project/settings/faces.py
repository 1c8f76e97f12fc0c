"""The console, the API and their static files."""

from typing import Any

from .env import BASE_DIR, env

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

STATIC_URL = "static/"
# Collected files are served in production only; the embedded installation finds them in the packages.
STATIC_ROOT = BASE_DIR / "static-root" if env.bool("STATIC_MANIFEST", False) else None
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if env.bool("STATIC_MANIFEST", False)
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not env.bool("STATIC_MANIFEST", False)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "core.api.authentication.BearerToken",
        "core.api.authentication.ConsoleSession",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["core.api.permissions.SignedIn"],
    "DEFAULT_THROTTLE_CLASSES": ["core.api.throttling.PerCaller"],
    "DEFAULT_PAGINATION_CLASS": "core.api.pagination.Pages",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["core.api.parsers.StrictJSON"],
    "DEFAULT_SCHEMA_CLASS": "core.api.schema.Schema",
    "EXCEPTION_HANDLER": "core.api.errors.problem",
    "UNAUTHENTICATED_USER": None,
    "DATETIME_FORMAT": "%Y-%m-%dT%H:%M:%S.%fZ",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
# For each token, and for each person in the console's session; 0 counts nothing.
API_REQUESTS_PER_MINUTE = env.int("API_REQUESTS_PER_MINUTE", 1200)
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Dispatch",
    "DESCRIPTION": "Security incidents and cases, from the first report to the lessons learned.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    # Enumerations stand where they are used: no central list of names that every new app would have to extend.
    "POSTPROCESSING_HOOKS": ["core.api.schema.describe_rows", "core.api.examples.add_examples"],
    # The readable page asks nobody outside.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None, "persistAuthorization": False},
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Dispatch",
    "SITE_HEADER": "Dispatch",
    "SITE_SYMBOL": "emergency_home",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": "core.console.assets.favicon"},
    ],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": False,
    "BORDER_RADIUS": "8px",
    "STYLES": ["core.console.assets.theme", "core.console.assets.stylesheet"],
    "SCRIPTS": ["core.console.assets.script", "core.console.assets.live"],
    "ACCOUNT": {"navigation": "core.console.navigation.account"},
    "TABS": "core.console.navigation.tabs",
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": "core.console.navigation.sections"},
    "COMMAND": {"search_models": False, "show_history": False},
}
