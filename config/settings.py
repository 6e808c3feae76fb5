"""Settings, all from the environment; see the README, “Configuration”, for each variable."""

from __future__ import annotations

import hashlib
import sys
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
import structlog
from csp.constants import NONE, SELF

from config.environment import (
    env_bool,
    env_choice,
    env_fernet_keys,
    env_list,
    env_networks,
    env_number,
    env_text,
    env_url,
)

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = env_bool("DEBUG", default=False)
SECRET_KEY = env_text("SECRET_KEY")
ENCRYPTION_KEYS = env_fernet_keys("EVENKEEL_ENCRYPTION_KEY")
PUBLIC_URL = env_url("PUBLIC_URL", schemes={"http", "https"}).rstrip("/")
_public_url = urlsplit(PUBLIC_URL)
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", [_public_url.hostname or ""])
CSRF_TRUSTED_ORIGINS = [f"{_public_url.scheme}://{_public_url.netloc}"]
# Whether a store's address may lie in a private range: needed for simulators and for stores on the same network.
ALLOW_PRIVATE_HOSTS = env_bool("EVENKEEL_ALLOW_PRIVATE_HOSTS", default=False)
# Where CSV files of stock may be dropped: each file source has a folder of its own in it. Empty: uploads only.
DROP_FOLDER = env_text("EVENKEEL_DROP_FOLDER", "")
# Seconds between the worker's sweeps, each of which finds what no task announced.
SWEEP_SECONDS = env_number("EVENKEEL_SWEEP_SECONDS", default=5, minimum=0.2)

INSTALLED_APPS = [
    "dashboard",
    "api",
    "reconciliation",
    "channels",
    "inventory",
    "inventory.sources",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
    "django_filters",
    "django_htmx",
    "django_q",
    "django_tables2",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
]

MIDDLEWARE = [
    "channels.ingress.WebhooksFirst",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "access.middleware.RolesMiddleware",
    "dashboard.people.second_factor.SecondFactorMiddleware",
    "dashboard.people.formats.FormatsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboard.navigation.navigation",
            ],
        },
    }
]

# Database -------------------------------------------------------------------------------------------------------
_database_url = env_url(
    "DATABASE_URL", f"sqlite:///{BASE_DIR / 'evenkeel.sqlite3'}", schemes={"sqlite", "postgres", "postgresql"}
)
DATABASES: dict[str, Any] = {
    # Persistent connections matter more than anything else here: a new one per request costs a factor of four.
    "default": dj_database_url.parse(_database_url, conn_max_age=600, conn_health_checks=True)
}
if _database_url.startswith("sqlite:"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",  # a deferred one would fail, not wait, when it turns into a writer
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    # Lets the ledger keep its few statements prepared; Django's own queries stay as they are. A pooler that shares
    # connections between transactions must know of prepared statements (pgbouncer from 1.21).
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("prepare_threshold", 5)
    DATABASES["default"]["ENGINE"] = "config.postgresql"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Queue: tasks only wake work up; what is due stands in our own tables ----------------------------------------------
Q_CLUSTER: dict[str, Any] = {
    # The installation's own: two that share a Redis must not take each other's tasks.
    "name": f"evenkeel-{hashlib.sha256(SECRET_KEY.encode()).hexdigest()[:12]}",
    "workers": int(env_number("EVENKEEL_WORKERS", default=2, minimum=1)),
    "timeout": 120,
    "retry": 600,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": -1,
    "queue_limit": 2,
    "bulk": 1,
    "poll": env_number("EVENKEEL_QUEUE_POLL_SECONDS", default=0.05, minimum=0.01),
    "catch_up": False,
    "label": "Queue",
}
REDIS_URL = env_url("REDIS_URL", schemes={"redis", "rediss"}) if env_text("REDIS_URL", "") else ""
if REDIS_URL:
    Q_CLUSTER["redis"] = REDIS_URL
else:
    Q_CLUSTER["orm"] = "default"

# Counts the calls of each API token; nothing that must last stands here.
CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": Q_CLUSTER["name"],
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}
API_CALLS_PER_MINUTE = int(env_number("EVENKEEL_API_CALLS_PER_MINUTE", default=600, minimum=1))

# Who may read /metrics: whoever sends the token, or asks from these networks without a proxy between. Neither: nobody.
METRICS_TOKEN = env_text("EVENKEEL_METRICS_TOKEN", "")
METRICS_NETWORKS = env_networks("EVENKEEL_METRICS_ADDRESSES")

# People ---------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "dashboard.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "dashboard:overview"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "dashboard.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = {"login_failed": ""}  # django-axes does the throttling, in the database, for all processes
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Evenkeel: "
MFA_ADAPTER = "dashboard.people.second_factor.MFAAdapter"
MFA_FORMS = {
    "authenticate": "dashboard.people.second_factor.CodeForm",
    "reauthenticate": "dashboard.people.second_factor.CodeAgainForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1  # a code of half a minute ago still counts: clocks differ
MFA_ALLOW_UNVERIFIED_EMAIL = True  # people come by invitation
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "dashboard.people.addresses.address_of"
# Web servers in front whose X-Forwarded-For is believed: whom to throttle, and what the list of sessions shows.
ALLAUTH_TRUSTED_PROXY_COUNT = int(env_number("EVENKEEL_PROXIES", default=0))
AXES_LOCKOUT_TEMPLATE = "account/locked_out.html"
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "code"]

# Web ------------------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Names with a digest and compressed files once they are collected; before that whitenoise serves them as they lie.
_is_collected = not DEBUG and (STATIC_ROOT / "staticfiles.json").exists()
WHITENOISE_USE_FINDERS = not _is_collected
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if _is_collected or "collectstatic" in sys.argv
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
if not _is_collected:
    warnings.filterwarnings("ignore", message="No directory at")  # whitenoise's, of the folder for collected files
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576  # bytes; a larger webhook or form is refused with 413 or 400
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
if _public_url.scheme == "https":
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
DJANGO_TABLES2_TEMPLATE = "components/table.html"
FILTERS_EMPTY_CHOICE_LABEL = "Any"

LANGUAGE_CODE = env_text("LANGUAGE_CODE", "en-gb")
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# Mail: printed to the log until a server is named -----------------------------------------------------------------
EMAIL_HOST = env_text("EMAIL_HOST", "")
EMAIL_PORT = int(env_number("EMAIL_PORT", default=587, minimum=1))
EMAIL_HOST_USER = env_text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env_text("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_SSL = EMAIL_PORT == 465
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", default=not EMAIL_USE_SSL)
EMAIL_TIMEOUT = 20
EMAIL_BACKEND = env_text(
    "EMAIL_BACKEND", f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
)
DEFAULT_FROM_EMAIL = env_text("EMAIL_FROM", f"Evenkeel <evenkeel@{_public_url.hostname}>")

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["api.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "api.pagination.CursorPages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "api.errors.handle",
    "PAGE_SIZE": 50,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Evenkeel API",
    "DESCRIPTION": "One stock ledger, and the right number on every sales channel.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    # Closed at first: drawing every operation at once takes a browser half a minute.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "docExpansion": "none", "defaultModelsExpandDepth": -1},
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "OAS_VERSION": "3.1.0",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "api.description.complete",
    ],
    "ENUM_NAME_OVERRIDES": {
        "EventKind": "api.webhooks.kinds.CODES",
        "ItemStatus": ["done", "refused", "invalid"],
        "SourceKind": "api.serializers.sources.SOURCE_KINDS",
    },
}

# Logging: one line per event, secrets never ---------------------------------------------------------------------
_shared_processors: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,  # or the log would name the error and not where it happened
]
structlog.configure(
    processors=[*_shared_processors, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "logger", "event"]),
            "foreign_pre_chain": _shared_processors,
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env_choice("LOG_LEVEL", "INFO", choices=LOG_LEVELS)},
    "loggers": {
        "django-q": {"level": "WARNING", "propagate": True},
        "axes": {"level": "WARNING", "propagate": True},
    },
}
