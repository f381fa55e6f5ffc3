"""All settings. A clean checkout runs as it is; environment variables (README) are for bigger installations."""

from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF

from dashboard import env

BASE_DIR = Path(__file__).resolve().parent.parent
EDITING_HOME = Path(env.text("EDITING_HOME") or BASE_DIR / "var").resolve()
EDITING_HOME.mkdir(parents=True, exist_ok=True)

SECRET_KEY = env.secret_key(EDITING_HOME)
DEBUG = env.flag("DEBUG")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
if env.flag("BEHIND_HTTPS"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True

INSTALLED_APPS = [
    "dashboard.apps.ConsoleConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "csp",
    "editing",
    "dashboard.apps.DashboardConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "dashboard.urls"
WSGI_APPLICATION = "dashboard.wsgi.application"
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
                "dashboard.context.site",
            ],
        },
    }
]

# --- Data -------------------------------------------------------------------------------------------------------

DATABASES: dict[str, Any] = {
    "default": dj_database_url.parse(
        env.text("DATABASE_URL") or f"sqlite:///{EDITING_HOME / 'db.sqlite3'}",
        conn_max_age=60,
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        # Writers queue for up to 20 s instead of failing in mid-transaction; readers never wait for them.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    # Tests use a file as we do: a database in memory shares its cache, and then readers wait for writers.
    DATABASES["default"]["TEST"] = {"NAME": EDITING_HOME / "test.sqlite3"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

BUCKET_STORAGE = "s3" if env.text("S3_BUCKET") else "local"
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": EDITING_HOME}},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    # Each bucket is a directory below `location`.
    "local": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": EDITING_HOME / "buckets"},
    },
}
if env.text("S3_BUCKET"):
    # Each of our buckets is a prefix in the one S3 bucket.
    STORAGES["s3"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": env.text("S3_BUCKET"),
            "endpoint_url": env.text("S3_ENDPOINT_URL") or None,
            "region_name": env.text("S3_REGION") or None,
            "access_key": env.text("S3_ACCESS_KEY") or None,
            "secret_key": env.text("S3_SECRET_KEY") or None,
            "file_overwrite": True,
            "querystring_auth": True,
            "signature_version": "s3v4",
            "max_memory_size": 16 << 20,  # bigger files are read through a temporary file
        },
    }
BUCKET_ENDPOINT = env.text("BUCKET_ENDPOINT", "oss.example.com")
SCRATCH_DIR = Path(env.text("SCRATCH_DIR") or EDITING_HOME / "scratch")

# --- The queue --------------------------------------------------------------------------------------------------

BROKER_DIR = EDITING_HOME / "broker"
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL") or "filesystem://"
CELERY_IMPORTS = ["dashboard.workers"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Who submits a job does not wait for a broker that is down: the row is there, and the sweep will find it.
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {"max_retries": 1, "interval_start": 0, "interval_max": 0.1}
if CELERY_BROKER_URL.startswith("filesystem"):
    for folder in ("messages", "processed", "control"):
        (BROKER_DIR / folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS |= {
        "data_folder_in": str(BROKER_DIR / "messages"),
        "data_folder_out": str(BROKER_DIR / "messages"),
        # Moving within one filesystem is atomic, so that two workers never take one message; the sweep empties it.
        "store_processed": True,
        "processed_folder": str(BROKER_DIR / "processed"),
        "control_folder": str(BROKER_DIR / "control"),
        "polling_interval": 0.1,
    }
else:
    # A job may run for hours; a second delivery is harmless (the row is claimed once) but useless.
    CELERY_BROKER_TRANSPORT_OPTIONS |= {"visibility_timeout": 24 * 3600, "socket_connect_timeout": 2}

# --- Editing ----------------------------------------------------------------------------------------------------

JOB_LEASE_SECONDS = env.integer("JOB_LEASE_SECONDS", 15, least=3)
JOB_ATTEMPTS = env.integer("JOB_ATTEMPTS", 3, least=1)
SWEEP_SECONDS = env.integer("SWEEP_SECONDS", 5, least=1)
RESEND_SECONDS = env.integer("RESEND_SECONDS", 20, least=1)
CELERY_BEAT_SCHEDULE = {
    "sweep": {
        "task": "editing.sweep",
        "schedule": SWEEP_SECONDS,
        "options": {"queue": "system", "expires": 2 * SWEEP_SECONDS},
    }
}
CELERY_BEAT_SCHEDULE_FILENAME = str(EDITING_HOME / "beat")
MEDIA_WAIT_SECONDS = env.integer("MEDIA_WAIT_SECONDS", 40)
MIXED_APPLICATIONS = env.flag("MIXED_APPLICATIONS")
FAST_WORKERS = env.integer("FAST_WORKERS", 2, least=1)
SLOW_WORKERS = env.integer("SLOW_WORKERS", 1, least=1)
STOP_SECONDS = env.integer("STOP_SECONDS", 15, least=1)
"""What `up` leaves its processes to finish what they are at, before it kills them."""
SIGNED_URL_SECONDS = env.integer("SIGNED_URL_SECONDS", 6 * 3600, least=1)
ACCEL_REDIRECT = env.text("ACCEL_REDIRECT")
"""Prefix of an internal nginx location over the buckets' directory, such as /_buckets/; empty: we send the bytes."""

RPC_CALLS_PER_SECOND = env.integer("RPC_CALLS_PER_SECOND", 100, least=1)
"""What one access key may ask of the IMS-compatible API."""
RECORD_LEASE_SECONDS = env.integer("RECORD_LEASE_SECONDS", 3, least=2)
RECORD_SILENCE_SECONDS = env.integer("RECORD_SILENCE_SECONDS", 180, least=1)
"""A longer silence pauses a record job and closes its recording; a shorter one is a gap in it."""
RECORD_PROBE_SECONDS = env.integer("RECORD_PROBE_SECONDS", 30, least=1)
LIVE_WORKERS = env.integer("LIVE_WORKERS", 8, least=1)
"""The most streams that one worker records at once."""
SPOOL_DIR = Path(env.text("SPOOL_DIR") or EDITING_HOME / "spool")
SPOOL_BYTES = env.integer("SPOOL_MEGABYTES", 1024, least=16) << 20
"""What a record job may keep on this machine while its bucket cannot be written."""
_DISK_STOP = env.integer("DISK_STOP_MEGABYTES", 512, least=1)
DISK_STOP_BYTES = _DISK_STOP << 20
"""With less room on the disk of the spool or of the bucket recording stops until there is more than…"""
DISK_WARN_BYTES = env.integer("DISK_WARN_MEGABYTES", max(2048, _DISK_STOP), least=_DISK_STOP) << 20
"""…this; with less than this, operators are warned."""

RTMP_ADDRESS = env.text("RTMP_ADDRESS").rstrip("/")
"""Where record jobs pull what is published to our own RTMP server; its host is the domain of those streams. `up` sets
it; empty: there is no such server."""
RTMP_SERVER = env.flag("RTMP_SERVER", default=True)
"""Whether `up` starts an RTMP server where nginx with its rtmp module is installed."""
RTMP_APPLICATIONS = env.words("RTMP_APPLICATIONS", ["live"])
RTMP_KEYS = env.flag("RTMP_KEYS")
"""No stream is published without its key. `up` sets it where others than this machine can reach the server."""
RTMP_PLAYERS = env.words("RTMP_PLAYERS")
"""Addresses and networks, besides this machine, that may pull from our RTMP server: workers elsewhere."""

CALLBACK_SECONDS = env.integer("CALLBACK_SECONDS", 10, least=1)
"""What a callback's receiver gets to answer, all in all."""
CALLBACK_NETWORKS = env.networks("CALLBACK_NETWORKS")
"""Networks that callbacks may reach although they are not public."""
CALLBACK_KEEP_DAYS = env.integer("CALLBACK_KEEP_DAYS", 30, least=1)
CALLBACK_WORKERS = env.integer("CALLBACK_WORKERS", 4, least=1)

# --- Faces ------------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 300

LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "sign-in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_COOKIE_NAME = env.text("SESSION_COOKIE_NAME", "sessionid")
CSRF_COOKIE_NAME = env.text("CSRF_COOKIE_NAME", "csrftoken")
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:", *env.words("MEDIA_ORIGINS")],
        "media-src": [SELF, "blob:", *env.words("MEDIA_ORIGINS")],
        "connect-src": [SELF, *env.words("MEDIA_ORIGINS")],
        "worker-src": [SELF, "blob:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "editing.api.authentication.AccessKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["editing.api.permissions.HasRole"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "editing.api.paging.Pages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "editing.api.errors.problem",
    "PAGE_SIZE": 50,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Live editing API",
    "VERSION": "1",
    "DESCRIPTION": "Times are ISO-8601 with an offset, and come out as UTC. Ranges are half-open: their end is not in "
    "them. Refusals are problem details (RFC 9457) with a stable code and the field at fault. "
    "Programs sign in with `Authorization: Bearer AccessKeyId:AccessKeySecret`.",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["editing.api.permissions.HasRole"],
    "ENUM_NAME_OVERRIDES": {
        "BucketKindEnum": "editing.models.bucket.Bucket.Kind",
        "MediaKindEnum": "editing.models.media_asset.MediaAsset.Kind",
        "RecordFileStateEnum": "editing.models.record_file.RecordFile.State",
        "JobStateEnum": "editing.models.states.JobState",
        "ProjectKindEnum": "editing.models.project.Project.Kind",
        "ProjectStateEnum": "editing.models.project_states.ProjectState",
        "BusinessStateEnum": "editing.models.project_states.BusinessState",
        "ReservationEnum": ["Reserving", "ReservationCanceled"],
        "ProjectSourceEnum": "editing.models.project.Project.Source",
        "MediaStateEnum": "editing.models.media_asset.MediaAsset.State",
        "DeliveryStateEnum": "editing.models.callback.DeliveryState",
        "RecordStateEnum": "editing.models.states.RecordState",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.text("LOG_LEVEL", "INFO")},
    # kombu warns on every start that a folder has no host name.
    "loggers": {"kombu.connection": {"level": "ERROR"}, "waitress": {"level": "WARNING"}},
}
