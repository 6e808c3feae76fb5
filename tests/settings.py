"""The product's settings with a default for every variable, so that plain ``pytest`` works on a clean clone.

What the environment says wins, except where the outcome of a test would hang on it.
"""

from __future__ import annotations

import os

from cryptography.fernet import Fernet

for _name, _value in {
    "SECRET_KEY": "only-for-tests-" + "x" * 50,
    "EVENKEEL_ENCRYPTION_KEY": Fernet.generate_key().decode(),
}.items():
    os.environ.setdefault(_name, _value)
os.environ.update(
    PUBLIC_URL="http://testserver",
    ALLOWED_HOSTS="*",
    EVENKEEL_ALLOW_PRIVATE_HOSTS="1",
    DEBUG="0",
)

from config.settings import *  # noqa: E402, F403

# A fresh hash per sign-in costs a tenth of a second by design; tests sign in all the time.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Names without a digest: nobody has to collect files before a page can be rendered.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# Files are found when they are asked for: walking through all of them for each test client takes a tenth of a second.
WHITENOISE_AUTOREFRESH = True

# Each test process has a queue of its own, also where they share a Redis.
Q_CLUSTER["name"] = f"tests-{os.getpid()}"  # noqa: F405

# Each test makes a token, and many of them have the same id.
API_CALLS_PER_MINUTE = 1_000_000
