"""What a bare Django does: our tables, no middleware, and no app that insists on some."""

from config.settings import *  # noqa: F403

MIDDLEWARE = []
ROOT_URLCONF = "bench.views"
INSTALLED_APPS = [
    "dashboard",
    "channels",
    "inventory",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
]
