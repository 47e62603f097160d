"""Rows that stay for many tests, and a database emptied again in milliseconds.

`committed(blocker)` is for worlds built once: what is written inside is committed, so that every test that looks at it stands in a short
transaction of its own. One long transaction with thousands of savepoints inside costs PostgreSQL more than all the questions asked in it.
"""

from contextlib import contextmanager

from django.apps import apps
from django.db import connection, transaction

from kernel import holidays

KEPT = ("django_content_type", "auth_permission", "django_migrations")  # what makes the database ours; no test writes it


def _tables():
    """Every table of ours that holds a row."""
    names = sorted({model._meta.db_table for model in apps.get_models(include_auto_created=True) if model._meta.managed} - {*KEPT})
    names = [name for name in names if name in set(connection.introspection.table_names())]
    quoted = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {quoted(name)})" for name in names))
        return [row[0] for row in cursor.fetchall()]


def wipe():
    """Empty the database as a flush would, but only the tables with rows in them, and without making content types and permissions anew."""
    with connection.constraint_checks_disabled(), transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql" and _is_superuser(cursor):
            cursor.execute("SET LOCAL session_replication_role = replica")  # nobody is left who could refer to a row that goes
        for name in _tables():
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(name)}")
    holidays.seed_after_migrate()


def _is_superuser(cursor):
    cursor.execute("SHOW is_superuser")
    return cursor.fetchone()[0] == "on"


@contextmanager
def committed(blocker):
    """What is written inside stays until the block ends, for the tests that run meanwhile."""
    with blocker.unblock():
        try:
            yield
        finally:
            wipe()
