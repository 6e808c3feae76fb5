"""The production settings with STATIC_ROOT from the environment: proves that every file collects and is found."""

from __future__ import annotations

import os

from tests.settings import *  # noqa: F403

STATIC_ROOT = os.environ["STATIC_ROOT"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
