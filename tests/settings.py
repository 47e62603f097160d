"""The product's settings for one test run: a folder and a database of its own, a fast password hasher."""

import os
import tempfile

# Processes a test starts (a worker, a second writer) inherit both and so share the run's folder and database.
os.environ.setdefault("DIANDAN_TEST_RUN", str(os.getpid()))
if not os.environ.get("DIANDAN_TEST_VAR"):
    os.environ["DIANDAN_TEST_VAR"] = tempfile.mkdtemp(prefix="diandan-test-")
os.environ["DIANDAN_VAR"] = os.environ["DIANDAN_TEST_VAR"]
os.environ["DIANDAN_MODE"] = "demo"
for name in ("DEBUG", "MEDIA_ROOT", "KEY_DIR", "SECRET_KEY", "ALLOWED_HOSTS", "CACHE_URL", "EMAIL_URL", "SITE_URL", "BEHIND_PROXY", "REQUIRE_TOTP"):
    os.environ[name] = ""  # a developer's .env must not reach the tests

from config.settings import *  # noqa: E402, F403
from config.settings import DATABASES, STORAGES, VAR  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
MEDIA_URL = "/no-direct-media/"  # the live server of browser tests wants a path; the product serves no file directly
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
DATABASES["default"]["CONN_MAX_AGE"] = 0
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    TEST_DATABASE = str(VAR / "test.sqlite3")  # a file: locks and WAL as in real life
    DATABASES["default"]["OPTIONS"]["init_command"] += " PRAGMA synchronous=OFF;"  # we kill processes, never the machine
else:
    TEST_DATABASE = f"test_diandan_{os.environ['DIANDAN_TEST_RUN']}"
    DATABASES["default"]["OPTIONS"]["options"] += " -c synchronous_commit=off"  # we kill clients, never the server
DATABASES["default"]["TEST"] = {"NAME": TEST_DATABASE}
if os.environ.get("DIANDAN_TEST_CHILD"):
    DATABASES["default"]["NAME"] = TEST_DATABASE
CELERY_TASK_DEFAULT_QUEUE = f"diandan-test-{os.environ['DIANDAN_TEST_RUN']}"
WHITENOISE_AUTOREFRESH = True  # static files are looked for when asked for; otherwise each test client lists them all first
