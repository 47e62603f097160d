"""The product's settings in tests' dress, on the database named by DATABASE_URL itself, with the floor page added."""

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

ROOT_URLCONF = "tests.bench.floor"
DATABASES["default"]["CONN_MAX_AGE"] = None
