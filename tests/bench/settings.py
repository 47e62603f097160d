"""The product's settings in tests' dress, on the database named by DATABASE_URL itself and as careful with it as in real life; the floor page added."""

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

ROOT_URLCONF = "tests.bench.floor"
DATABASES["default"]["CONN_MAX_AGE"] = None
if "init_command" in DATABASES["default"]["OPTIONS"]:
    DATABASES["default"]["OPTIONS"]["init_command"] += " PRAGMA synchronous=NORMAL;"
else:
    DATABASES["default"]["OPTIONS"]["options"] = DATABASES["default"]["OPTIONS"]["options"].removesuffix(" -c synchronous_commit=off")
