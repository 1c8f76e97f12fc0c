"""The WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application

from dispatch_project.celery import app

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dispatch_project.settings")

application = get_wsgi_application()
# Loads the broker's client, which takes a second, without connecting: the first report would wait for it.
app.connection_for_write().get_transport_cls()
