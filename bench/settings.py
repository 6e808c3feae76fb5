"""The product's settings plus the views it is measured against."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
