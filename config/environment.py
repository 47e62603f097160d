"""Every variable the settings know: name -> (cast, default, meaning). The one list; `.env.example` and compose are tested against it."""

from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent

VARIABLES = {
    "DIANDAN_MODE": (str, "demo", "demo | production. Demo listens on 127.0.0.1 and makes its own secrets in var/."),
    "DIANDAN_VAR": (str, str(BASE_DIR / "var"), "Folder for database, media, keys, logs and outgoing mail of the embedded parts."),
    "DATABASE_URL": (str, "", "postgres://user:password@host:5432/name; empty: the SQLite file in var/."),
    "CELERY_BROKER_URL": (str, "", "redis://host:6379/0; empty: the embedded Valkey that `dev.py run` starts."),
    "CACHE_URL": (str, "", "redis://host:6379/1; empty: in the process memory (one web process only)."),
    "SECRET_KEY": (str, "", "Django's signing secret, at least 50 characters. Demo generates one."),
    "KEY_DIR": (str, "", "Folder of encryption and seal keys; must lie outside database and media. Demo: var/keys."),
    "MEDIA_ROOT": (str, "", "Folder of uploaded files. Demo: var/media."),
    "ALLOWED_HOSTS": (list, [], "Comma-separated host names the site answers to."),
    "CSRF_TRUSTED_ORIGINS": (list, [], "Comma-separated origins, for example https://diandan.example.cn."),
    "BEHIND_PROXY": (bool, False, "True behind a reverse proxy that sets X-Forwarded-Proto and X-Forwarded-For."),
    "PORT": (int, 8000, "Port of the web server."),
    "BIND": (str, "", "Address of the web server; demo always listens on 127.0.0.1."),
    "WEB_THREADS": (int, 8, "Threads per web worker."),
    "WEB_WORKERS": (int, 1, "Web worker processes; more than one needs CACHE_URL."),
    "EMAIL_URL": (str, "", "smtp://user:password@host:587; empty: mails are written to var/mail."),
    "DEFAULT_FROM_EMAIL": (str, "diandan@localhost", "Sender of mails."),
    "SEAL_RECIPIENTS": (list, [], "Comma-separated addresses (finance bureau, auditor) that get the day's signed seal of the trail by mail."),
    "SITE_URL": (str, "", "Public address, used in mails and QR codes. Demo: http://127.0.0.1:PORT."),
    "REGION_CODE": (str, "510107", "Administrative code of the district, picks local thresholds."),
    "MAX_UPLOAD_MB": (int, 20, "Largest single upload, in MB."),
    "REQUIRE_TOTP": (bool, None, "Ask a second factor of people who handle money. Default: yes in production, no in demo."),
    "LOG_LEVEL": (str, "INFO", "Level of the log."),
    "DEBUG": (bool, False, "Django's debug pages; refused in production."),
    "DIANDAN_CHILD": (bool, False, "Set by `dev.py run` for the processes it starts."),
}

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env", overwrite=False)


def read(name):
    """The value of a known variable, cast; its default when unset or empty."""
    cast, default, _meaning = VARIABLES[name]
    if env.str(name, default="") == "":
        return default
    return {str: env.str, bool: env.bool, int: env.int, list: env.list}[cast](name)
