"""What a factory built is remembered: asked again for the same thing at the same state of the database, it puts the rows back instead of
taking all its steps anew.

    @remembered
    def make_tender(office=None, state="draft", …): …

The first call takes the real verbs. What it changed in the database is kept (row by row, as the database holds it) with what it returned
and where the clock stood. A later call with equal arguments in an equal database applies the difference and returns a copy. The database
is equal when every statement since its last known state only read: a state is known when a test begins, and whenever a factory ends.

Nothing is remembered, and the verbs are taken, wherever it could matter: under a changed rule, a changed setting or a patched function,
outside the main thread, when the clock stands at a moment of the test's own making, or with DIANDAN_TEST_FORGET=1.
"""

import datetime
import decimal
import functools
import inspect
import io
import os
import pickle
import threading
from contextlib import contextmanager
from types import SimpleNamespace

from django.db import connection, models, transaction

from kernel import clock, rules, seal
from tests import database

READS = ("SELECT", "BEGIN", "SAVEPOINT", "RELEASE", "EXPLAIN", "SHOW", "SET CONSTRAINTS", "PRAGMA")
PLAIN = (str, int, float, bool, bytes, type(None), decimal.Decimal, datetime.date, datetime.timedelta)


class State:
    """A known state of the database: its rows, where the clock stood (None: it ran), and the ways that were taken from there."""

    def __init__(self, rows, moment=None):
        self.rows, self.moment, self.ways = rows, moment, {}


class Strange(Exception):
    """Something that cannot be compared or kept."""


class Memory:
    """Where the database stands now: `here` is a State, or None when something wrote since."""

    def __init__(self):
        self.here = self.ground = self.item = self.rules = None
        self.world, self.forgetful = 0, os.environ.get("DIANDAN_TEST_FORGET") == "1"
        self.transactional = False

    def watch(self, execute, sql, params, many, context):
        """An execute wrapper: whatever may write, or takes back what was written, ends the knowledge of where we are."""
        if self.here is not None and not (isinstance(sql, str) and sql.lstrip().startswith(READS)):
            self.here = None
        return execute(sql, params, many, context)

    def begin(self, item):
        """A test begins: on the ground, or in a world that was built before."""
        self._look_on()
        marker = item.get_closest_marker("django_db")
        self.transactional = bool({"transactional_db", "live_server"} & set(item.fixturenames) or (marker and marker.kwargs.get("transaction")))
        self.item, self.here = item, "ground" if not self.world else None

    def _look_on(self):
        self.rules = self.rules or rules.RULES.versions
        if self.watch not in connection.execute_wrappers:
            connection.execute_wrappers.append(self.watch)

    def fresh(self):
        """Empty the database for another scene of the same test; only for tests that commit."""
        database.wipe()
        self.here = "ground"

    def known(self):
        """The state the database is in, if that is known and may be used."""
        if self.here is None or self.forgetful or rules.RULES.versions is not self.rules or threading.current_thread() is not threading.main_thread() or self._patched():
            return None
        if self.transactional and connection.in_atomic_block:  # taken back as a whole it would leave no trace here
            return None
        if self.here == "ground":
            self.ground = self.ground or State(database.ground())
            self.here = self.ground
        if self.transactional and database.difference(self.here.rows, database.dump(self.here.rows)):  # another process wrote
            self.here = None
        return self.here

    def _patched(self):
        given = getattr(self.item, "funcargs", {})
        patch, settings = given.get("monkeypatch"), given.get("settings")
        return bool(
            (patch and (patch._setitem or any(target is not seal.enrol for target, _name, _value in patch._setattr)))
            or getattr(settings, "_to_restore", None)
        )  # fmt: skip

    @contextmanager
    def new_world(self):
        """A world that stays for many tests is built from the ground."""
        self._look_on()
        self.world, self.transactional, self.item, self.here = self.world + 1, True, None, "ground"
        try:
            yield
        finally:
            self.world, self.here = self.world - 1, None


memory = Memory()


@contextmanager
def committed(blocker):
    """For worlds built once: what is written inside is committed and stays until the block ends, so that every test that looks at it stands in
    a short transaction of its own (one long transaction with thousands of savepoints costs PostgreSQL more than all that is asked in it).
    Nothing is sent, as from any test that is rolled back."""
    with blocker.unblock(), memory.new_world():
        connection.run_and_clear_commit_hooks = lambda: connection.run_on_commit.clear()
        try:
            yield
        finally:
            del connection.run_and_clear_commit_hooks
            database.wipe()


def said(value, inside=False):
    """A value as text that equal values share. Raises Strange for what has no such text."""
    if isinstance(value, datetime.datetime) and value.microsecond and not inside:
        raise Strange("a moment that never comes again")
    if isinstance(value, PLAIN):
        return repr(value)
    if isinstance(value, models.Model):
        own = value.__dict__
        return f"<{value._meta.label} {', '.join(said(own.get(field.attname), True) for field in value._meta.concrete_fields)}>"
    if isinstance(value, SimpleNamespace):
        return f"<{said(vars(value), inside)}>"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{said(name)}: {said(one, inside)}" for name, one in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(said(one, inside) for one in value) + "]"
    raise Strange(type(value).__name__)


def given(value):
    """The objects of the arguments, in the order of `said`: what a result refers to when it holds what it was given."""
    if isinstance(value, (models.Model, SimpleNamespace)):
        yield value
    if isinstance(value, (SimpleNamespace, dict)):
        for one in (value if isinstance(value, dict) else vars(value)).values():
            yield from given(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from given(one)


class Pickler(pickle.Pickler):
    def __init__(self, out, objects):
        super().__init__(out, pickle.HIGHEST_PROTOCOL)
        self.places = {id(one): place for place, one in reversed(list(enumerate(objects)))}

    def persistent_id(self, value):
        return self.places.get(id(value))


class Unpickler(pickle.Unpickler):
    def __init__(self, content, objects):
        super().__init__(io.BytesIO(content))
        self.persistent_load = objects.__getitem__


class Way:
    """What one call did at one state: the change in the rows, the state reached, and what was returned."""

    def __init__(self, start, result, objects):
        out = io.BytesIO()
        Pickler(out, objects).dump(result)
        rows = database.dump(start.rows)
        self.result, self.changes, self.end = out.getvalue(), database.difference(start.rows, rows), State(rows, clock._frozen)

    def go(self, objects):
        with transaction.atomic():
            database.apply(self.changes)
        clock.set_to(self.end.moment)
        memory.here = self.end
        return Unpickler(self.result, objects).load()


def _time(here):
    """When a call is made, as far as it matters."""
    if clock._frozen is None:
        return clock.today()
    return "then" if clock._frozen == here.moment else said(clock._frozen)


def remembered(function):
    """A factory that remembers what it built (see above). It must depend on nothing but its arguments, the database and the clock."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        here = memory.known()
        if here is None:
            return function(*args, **kwargs)
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        try:
            arguments = said(bound.arguments)
            key = (function, arguments, _time(here))
        except Strange:
            return function(*args, **kwargs)
        objects = list(given(bound.arguments))
        if key in here.ways:
            way = here.ways[key]
            return way.go(objects) if way else function(*args, **kwargs)
        result = function(*args, **kwargs)
        here.ways[key] = None
        if said(bound.arguments) == arguments:  # what it was given is as it was
            try:
                here.ways[key] = Way(here, result, objects)
            except (pickle.PicklingError, TypeError, AttributeError):
                return result
            memory.here = here.ways[key].end
        return result

    return wrapper
