"""What the server behind tests.processes.together imports once: the product stands, the run's database is named, nothing is connected."""

import os
import sys
import traceback

os.environ.update(DIANDAN_TEST_CHILD="1", DJANGO_SETTINGS_MODULE="tests.settings")

import django  # noqa: E402

django.setup()

import config.urls  # noqa: E402, F401  (every app, every page)


def run(code, arguments, said):
    """In a process of its own: the code with these arguments, what it prints into the file `said`, an error behind it."""
    out = os.open(said, os.O_WRONLY | os.O_CREAT)
    os.dup2(out, 1)
    sys.argv = ["-c", *arguments]
    try:
        exec(compile(code, "<racer>", "exec"), {"__name__": "__main__"})  # noqa: S102 - a test's own code
    except BaseException:
        traceback.print_exc(file=sys.stdout)
        raise
    finally:
        sys.stdout.flush()
