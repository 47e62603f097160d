"""The test database as a whole: every row read and written back as the database itself holds it, and emptied again in milliseconds."""

from functools import cache

from django.apps import apps
from django.db import connection, transaction

from kernel import holidays

KEPT = ("django_content_type", "auth_permission")  # what makes the database ours; no test writes it


@cache
def tables():
    """table → its columns, primary key first."""
    there, found = set(connection.introspection.table_names()), {}
    for model in apps.get_models(include_auto_created=True):
        meta = model._meta
        if meta.managed and not meta.proxy and meta.db_table in there and meta.db_table not in KEPT:
            columns = [field.column for field in meta.local_concrete_fields if not field.generated]
            found[meta.db_table] = [meta.pk.column, *(name for name in columns if name != meta.pk.column)]
    return found


def _quoted(names):
    return ", ".join(map(connection.ops.quote_name, names))


def _filled():
    """The tables with a row in them."""
    with connection.connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {_quoted([name])})" for name in tables()), prepare=True)
        return [row[0] for row in cursor.fetchall()]


def dump(like=None, only=None):
    """table → {key: row} of everything, or of the tables named. Rows are tuples (SQLite) or lines of COPY (PostgreSQL), past all converters;
    those that stand unchanged in the dump `like` are the same objects."""
    connection.ensure_connection()
    found = {}
    if connection.vendor == "postgresql":
        with connection.connection.cursor() as cursor:
            for name in _filled() if only is None else only:
                with cursor.copy(f"COPY {_quoted([name])} ({_quoted(tables()[name])}) TO STDOUT") as out:
                    lines = b"".join(out).splitlines(keepends=True)
                if lines:
                    found[name] = {line.partition(b"\t")[0].rstrip(b"\n"): line for line in lines}
    else:
        for name, columns in tables().items() if only is None else [(name, tables()[name]) for name in only]:
            # a plus before the column keeps its declared type, and so the converter, away
            rows = connection.connection.execute(f"SELECT {', '.join('+' + _quoted([column]) for column in columns)} FROM {_quoted([name])}").fetchall()
            if rows:
                found[name] = {row[0]: row for row in rows}
    for name, old in (like or {}).items():
        new = found.get(name, {})
        for key in new.keys() & old.keys():
            if new[key] == old[key]:
                new[key] = old[key]
    return found


def difference(before, after):
    """table → (keys that go, rows that come): what makes `after` of `before`."""
    found = {}
    for name in {**before, **after}:
        old, new = before.get(name, {}), after.get(name, {})
        gone = [key for key, row in old.items() if new.get(key) is not row]
        come = [row for key, row in new.items() if old.get(key) is not row]
        if gone or come:
            found[name] = gone, come
    return found


def apply(changes):
    """Take the keys out and put the rows in, all tables' old rows before any new one. Inside a transaction: references are looked at when it ends."""
    if connection.vendor == "postgresql":
        with connection.connection.cursor() as cursor:
            for name, (gone, _come) in changes.items():
                if gone:
                    cursor.execute(f"DELETE FROM {_quoted([name])} WHERE {_quoted(tables()[name][:1])}::text = ANY(%s)", [[key.decode() for key in gone]])
            for name, (_gone, come) in changes.items():
                if come:
                    with cursor.copy(f"COPY {_quoted([name])} ({_quoted(tables()[name])}) FROM STDIN") as into:
                        into.write(b"".join(come))
        return
    for name, (gone, _come) in changes.items():
        connection.connection.executemany(f"DELETE FROM {_quoted([name])} WHERE {_quoted(tables()[name][:1])} = ?", [(key,) for key in gone])
    for name, (_gone, come) in changes.items():
        columns = tables()[name]
        connection.connection.executemany(f"INSERT INTO {_quoted([name])} ({_quoted(columns)}) VALUES ({', '.join('?' * len(columns))})", come)


def ground():
    """The rows every test begins with; read at the first call, from a database nobody wrote yet."""
    if not _ground:
        _ground.append(dump())
    return _ground[0]


_ground: list = []


def wipe():
    """Back to the ground, as a flush would, but only tables with rows in them are emptied, and what a new database starts with keeps its keys."""
    connection.ensure_connection()
    with connection.constraint_checks_disabled(), transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql" and _is_superuser(cursor):
            cursor.execute("SET LOCAL session_replication_role = replica")  # nobody is left who could refer to a row that goes
        for name in _filled() if connection.vendor == "postgresql" else tables():
            cursor.execute(f"DELETE FROM {_quoted([name])}")
        if _ground:
            apply(difference({}, ground()))
    if not _ground:
        holidays.seed_after_migrate()
        ground()


def _is_superuser(cursor):
    cursor.execute("SHOW is_superuser")
    return cursor.fetchone()[0] == "on"
