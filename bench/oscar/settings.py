"""django-oscar as it comes, with its apps and their signals, on PostgreSQL."""

import os

import dj_database_url
from oscar import INSTALLED_APPS as INSTALLED_APPS
from oscar.defaults import *  # noqa: F403

SECRET_KEY = "only-for-the-bench"
DEBUG = False
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SITE_ID = 1
HAYSTACK_CONNECTIONS = {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
ROOT_URLCONF = ""
# As ours: persistent connections.
DATABASES = {"default": dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=600)}
