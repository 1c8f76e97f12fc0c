"""The production settings, with each request's queries counted."""

from dispatch_project.settings import *  # noqa: F403
from dispatch_project.settings.apps import MIDDLEWARE as PRODUCTION_MIDDLEWARE
from dispatch_project.settings.env import HOME

# Outermost, so that the queries of the other parts count too.
MIDDLEWARE = ["bench.counting.CountQueries", *PRODUCTION_MIDDLEWARE]
# Collected for this run alone.
STATIC_ROOT = HOME / "static-root"
