"""All settings, from the environment only, embedded parts first, loud on nonsense. Variables: config/environment.py."""

import secrets
from pathlib import Path

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config.environment import BASE_DIR, read

MODE = read("DIANDAN_MODE")
if MODE not in ("demo", "production"):
    raise ImproperlyConfigured(f"DIANDAN_MODE must be demo or production, not {MODE!r}")
DEMO = MODE == "demo"
DEBUG = read("DEBUG")
VAR = Path(read("DIANDAN_VAR"))
VAR.mkdir(parents=True, exist_ok=True)


def _demo_secret():
    """Demo's own signing secret, made once."""
    path = VAR / "secret_key"
    if not path.exists():
        path.write_text(secrets.token_urlsafe(60))
        path.chmod(0o600)
    return path.read_text()


SECRET_KEY = read("SECRET_KEY") or (_demo_secret() if DEMO else "")
KEY_DIR = Path(read("KEY_DIR") or (VAR / "keys" if DEMO else ""))
MEDIA_ROOT = Path(read("MEDIA_ROOT") or VAR / "media")
MEDIA_URL = None
if not DEMO:
    if len(SECRET_KEY) < 50:
        raise ImproperlyConfigured("SECRET_KEY must be set (50 characters or more) in production")
    if DEBUG:
        raise ImproperlyConfigured("DEBUG must be off in production")
    if not read("KEY_DIR"):
        raise ImproperlyConfigured("KEY_DIR must be set in production: a folder outside database and media")
    if not read("ALLOWED_HOSTS"):
        raise ImproperlyConfigured("ALLOWED_HOSTS must be set in production")

PORT = read("PORT")
SITE_URL = read("SITE_URL") or f"http://127.0.0.1:{PORT}"
ALLOWED_HOSTS = read("ALLOWED_HOSTS") or ["127.0.0.1", "localhost", "testserver"]
CSRF_TRUSTED_ORIGINS = read("CSRF_TRUSTED_ORIGINS")
REGION_CODE = read("REGION_CODE")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "guardian",
    "import_export",
    "django_htmx",
    "csp",
    "kernel",
    "communities",
    "providers",
    "procurement",
    "evaluation",
    "reporting",
    "config",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "kernel.middleware.Language",
    "kernel.limits.RequestSizeLimit",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "kernel.middleware.SecondFactor",
    "kernel.middleware.ExpiredPost",
    "kernel.middleware.SubmittedDraft",
    "kernel.middleware.NoNul",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "loaders": [
                ("django.template.loaders.cached.Loader", ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"]),
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "kernel.context.shell",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "kernel.templatetags.diandan", "kernel.templatetags.diandan_forms"],
        },
    }
]

DATABASES = {"default": environ.Env.db_url_config(read("DATABASE_URL") or f"sqlite:///{VAR / 'diandan.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000; PRAGMA secure_delete=ON;",
    }
else:
    DATABASES["default"].update(CONN_MAX_AGE=60, CONN_HEALTH_CHECKS=True)
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("options", "-c jit=off")  # compiling a page's query took PostgreSQL seconds, running it milliseconds
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": read("CACHE_URL")}
    if read("CACHE_URL")
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "diandan"}
}

AUTH_USER_MODEL = "kernel.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
ANONYMOUS_USER_NAME = None
GUARDIAN_RAISE_403 = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "desk"
LOGOUT_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = {"login_failed": "60/m/ip"}  # per name axes decides, below
ACCOUNT_ADAPTER = "kernel.accounts.ClosedSignup"
ACCOUNT_USER_DISPLAY = str
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Diandan"
REQUIRE_TOTP = (not DEMO) if read("REQUIRE_TOTP") is None else read("REQUIRE_TOTP")
AXES_FAILURE_LIMIT = 6
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_LOCKOUT_CALLABLE = "kernel.accounts.locked_out"

SESSION_COOKIE_AGE = 60 * 60 * 10
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEMO
CSRF_FAILURE_VIEW = "kernel.views.errors.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if not DEMO:
    SECURE_SSL_REDIRECT = read("BEHIND_PROXY")
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 31536000
if read("BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    AXES_IPWARE_PROXY_COUNT = 1
BEHIND_PROXY = read("BEHIND_PROXY")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "report-uri": ["/csp-report/"],
    }
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
USE_THOUSAND_SEPARATOR = False

STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"] + [
    (f"vendor/{name}", BASE_DIR / "node_modules" / path)
    for name, path in {"tabler": "@tabler/core/dist", "echarts": "echarts/dist"}.items()
    if (BASE_DIR / "node_modules" / path).is_dir()
]
FONT_DIR = BASE_DIR / "node_modules" / "@expo-google-fonts" / "noto-sans-sc"
WHITENOISE_USE_FINDERS = True
WHITENOISE_ALLOW_ALL_ORIGINS = False
STORAGES = {
    "default": {"BACKEND": "kernel.storage.ContentStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage" if DEBUG else "config.static.HashedFiles"},
}
MAX_UPLOAD_BYTES = read("MAX_UPLOAD_MB") * 1024 * 1024
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler", "django.core.files.uploadhandler.TemporaryFileUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
MAX_REQUEST_BYTES = 5 * MAX_UPLOAD_BYTES + DATA_UPLOAD_MAX_MEMORY_SIZE  # several files in one form
DATA_UPLOAD_MAX_NUMBER_FIELDS = 12000

if read("EMAIL_URL"):
    globals().update(environ.Env.email_url_config(read("EMAIL_URL")))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR / "mail"
DEFAULT_FROM_EMAIL = read("DEFAULT_FROM_EMAIL")
SEAL_RECIPIENTS = read("SEAL_RECIPIENTS")

CELERY_BROKER_URL = read("CELERY_BROKER_URL") or f"redis+socket://{VAR / 'valkey.sock'}"
CELERY_TIMEZONE = TIME_ZONE
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
if CELERY_BROKER_URL.startswith("filesystem://"):  # where no Valkey wheel fits: slower, and the sweep re-sends what it loses
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        name: str(VAR / "queue" / folder)
        for name, folder in {"data_folder_in": "messages", "data_folder_out": "messages", "processed_folder": "done", "control_folder": "control"}.items()
    } | {"polling_interval": 0.1}
    for folder in ("messages", "done", "control"):
        (VAR / "queue" / folder).mkdir(parents=True, exist_ok=True)
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    "sweep-jobs": {"task": "kernel.tasks.sweep_jobs", "schedule": 15.0},
    "mail": {"task": "kernel.tasks.occasion", "args": ["mail"], "schedule": 60.0},
    "remind": {"task": "kernel.tasks.occasion", "args": ["remind"], "schedule": 600.0},
    "hourly": {"task": "kernel.tasks.occasion", "args": ["hourly"], "schedule": crontab(minute=5)},
    "seal": {"task": "kernel.tasks.occasion", "args": ["seal"], "schedule": crontab(hour=0, minute=10)},
    "compare": {"task": "kernel.tasks.occasion", "args": ["compare"], "schedule": crontab(hour=1, minute=0)},
    "nightly": {"task": "kernel.tasks.occasion", "args": ["nightly"], "schedule": crontab(hour=2, minute=0)},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": read("LOG_LEVEL")},
}
