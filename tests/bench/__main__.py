"""Entry of `python3 dev.py bench`: a database and a folder of its own, then everything in tests/bench/run.py.

DATABASE_URL names a PostgreSQL server to measure on (a database beside the named one is made and dropped); without it SQLite.
"""

import argparse
import os
import shutil
import sys
import tempfile
from urllib.parse import urlsplit, urlunsplit

NAME = f"bench_diandan_{os.getpid()}"


def beside(address, name):
    """The same server, another database."""
    return urlunsplit(urlsplit(address)._replace(path=f"/{name}"))


def on_server(address, statement):
    import psycopg

    with psycopg.connect(address.replace("postgres://", "postgresql://"), autocommit=True) as connection:
        connection.execute(statement)


def main():
    parser = argparse.ArgumentParser(prog="python3 dev.py bench", description=__doc__)
    parser.add_argument("--rows", default="100,100000", help="numbers of projects to measure at, ascending (default 100,100000)")
    parser.add_argument("--quick", action="store_true", help="small: 100 and 2,000 projects, fewer repetitions")
    parser.add_argument("--only", default="", help="comma separated: pages, sweep, pdf, excel, bids, rush, budget, prices (default all)")
    parser.add_argument("--repeat", type=int, default=0, help="timed calls per page (default 9, quick 5)")
    options = parser.parse_args()
    server = os.environ.get("DATABASE_URL", "")
    server = server if server.startswith("postgres") else ""
    folder = tempfile.mkdtemp(prefix="diandan-bench-")
    os.environ["DIANDAN_TEST_VAR"] = folder
    os.environ["DATABASE_URL"] = beside(server, NAME) if server else f"sqlite:///{folder}/bench.sqlite3"
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.settings"
    if server:
        on_server(server, f'CREATE DATABASE "{NAME}"')
    try:
        import django

        django.setup()
        from tests.bench import run

        run.everything(options)
    finally:
        from django.db import connections

        connections.close_all()
        if server:
            on_server(server, f'DROP DATABASE IF EXISTS "{NAME}" WITH (FORCE)')
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
