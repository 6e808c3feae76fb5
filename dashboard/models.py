"""People who sign in."""

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A person who works with the product; a model of ours, so that preferences can join it without a migration."""
