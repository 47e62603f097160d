"""Every verb of every life is taken here in the same ways: by the right person from each state, from every other state, by people whose
role is too weak, and with each single write inside it failing.

A noun's scenes are built once through real verbs and committed; each case runs in a transaction of its own that is rolled back.
"""

import datetime
import importlib
import os
import pkgutil
import re
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace

from django.db import OperationalError, connection, transaction

from kernel import clock
from kernel.lifecycle import LIVES, advance
from kernel.models import User
from tests import database

APPS = ("communities", "providers", "procurement", "evaluation", "reporting")
WRITES = ("INSERT", "UPDATE", "DELETE")
WRITTEN = re.compile(r'\s*(?:INSERT(?: OR IGNORE)? INTO|UPDATE|DELETE FROM) "(\w+)"', re.IGNORECASE)
UNKNOWN = "a-state-no-one-knows"
NOUNS: dict = {}


def load_lives():
    """Import every lifecycle page, so that no life is forgotten because nothing else imported it yet."""
    for app in APPS:
        package = importlib.import_module(f"{app}.lifecycle")
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{app}.lifecycle.{module.name}")
    return LIVES


@dataclass(frozen=True)
class Case:
    """How one verb is taken.

    `actor(scene)` the right person, `kwargs(scene)` its arguments (fresh for each run), `run` instead of the registered function,
    `states` scenes of its own where the noun's are not enough, `weak(scene)` people whose role is too weak (None: a step that only code
    takes), `race`: two people may press it at once.
    """

    actor: Callable
    kwargs: Callable = lambda scene: {}
    run: Callable | None = None
    states: dict = field(default_factory=dict)
    weak: Callable | None = None
    race: bool = False


@dataclass(frozen=True)
class View:
    """The scene of another builder, seen from one of its nouns: `pick(scene)` is the subject. Built once for all nouns of a family."""

    base: Callable
    pick: Callable

    def __call__(self):
        return self.of(self.base())

    def of(self, scene):
        return SimpleNamespace(**{**vars(scene), "subject": self.pick(scene)})


def noun(name, states, cases, family=""):
    """Declare the scenes (state → builder) and cases (verb, or verb+variant → Case) of a noun; nouns of one family share scenes."""
    NOUNS[name] = SimpleNamespace(name=name, states=states, cases=cases, family=family or name)


def by_engine(step, **extra):
    """A step that follows from another verb and has no function of its own: the engine takes it."""

    def run(subject, *, actor, **kwargs):
        return advance(subject, step, actor=actor, **kwargs)

    return {"run": run, "kwargs": lambda scene: {"reason": "因上一步骤"} if step.needs_reason else {}, **extra}


def life_of(name):
    return LIVES[name]


def verb_of(key):
    """The verb of a case key: "sign+lot" is a second scene of "sign"."""
    return key.partition("+")[0]


def function_of(name, key):
    case = NOUNS[name].cases[key]
    return case.run or life_of(name).functions[verb_of(key)]


def builders_of(name, key):
    """state → builder for one case: its own scenes, else the noun's for every source of the step."""
    case = NOUNS[name].cases[key]
    return case.states or {state: NOUNS[name].states[state] for state in life_of(name).step(verb_of(key)).sources}


def root_of(builder):
    """The builder behind all views of it."""
    return root_of(builder.base) if isinstance(builder, View) else builder


def stages():
    """Every builder once, those of one family together: a stage is what stands in the database while its cases run."""
    found = {}
    for declared in sorted(NOUNS.values(), key=lambda declared: declared.family):
        for key in declared.cases:
            for builder in builders_of(declared.name, key).values():
                found.setdefault(root_of(builder), len(found))
    return found


class World:
    """One stage, built before its cases begin; the clock stands where the builder left it."""

    def __init__(self, builder):
        self.builder, self.error = builder, None
        try:
            self.made, self.moment = begin(builder)
        except Exception as error:  # noqa: BLE001 - its own cases fail, the others go on
            self.error = error

    def scene(self, name, key, state=None):
        """The scene of a case in a state (its first one)."""
        builders = builders_of(name, key)
        builder = builders[state] if state else next(iter(builders.values()))
        assert root_of(builder) is self.builder
        if self.error:
            raise self.error
        clock.set_to(self.moment)
        return seen(builder, self.made)


def seen(builder, made):
    """What the root's builder made, through the views of this one."""
    return builder.of(seen(builder.base, made)) if isinstance(builder, View) else made


def begin(builder):
    """Build a scene as of the day the run stands at; returns it with the moment it ends at."""
    day = os.environ.get("DIANDAN_TEST_TODAY")
    clock.set_to(clock.midnight(datetime.date.fromisoformat(day)) + datetime.timedelta(hours=9) if day else None)
    return builder(), clock.now()


def fresh(row):
    """The row as another request would read it: nothing remembered on the object."""
    return type(row)._base_manager.get(pk=row.pk)


def person(user):
    return User.objects.get(pk=user.pk)


@contextmanager
def undone():
    """Whatever happens inside is rolled back, to a savepoint."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def contents(tables=None):
    """Every row of ours, or of the tables named."""
    return database.dump(only=tables)


def differing(before, after):
    """Names of the tables whose rows changed, with their counts."""
    return {name: (len(before.get(name, ())), len(after.get(name, ()))) for name in {*before, *after} if before.get(name) != after.get(name)}


class Writes:
    """Counts the statements that write, and names their tables; with `fail_at` the k-th of them fails as a full disk or a lost server would."""

    def __init__(self, fail_at=None):
        self.count, self.fail_at, self.failed, self.tables = 0, fail_at, "", set()

    def __call__(self, execute, sql, params, many, context):
        if sql.lstrip()[:6].upper() in WRITES:
            self.count += 1
            self.tables.add(WRITTEN.match(sql)[1])
            if self.count == self.fail_at:
                self.failed = sql[:120]
                raise OperationalError("the disk is full")
        return execute(sql, params, many, context)


def take(name, key, scene, *, actor=None, writes=None):
    """Take the verb of a case in a scene as a request would: fresh rows, fresh people."""
    case = NOUNS[name].cases[key]
    subject, user, kwargs = fresh(scene.subject), person(actor or case.actor(scene)), case.kwargs(scene)
    with connection.execute_wrapper(writes or Writes()):
        return function_of(name, key)(subject, actor=user, **kwargs)


def told(name, key, scene, refusal, *, status=None, actor=None):
    """Take a verb that must raise `refusal`, and return what it raised. It left its transaction usable and every row as it was: what sent no
    writing statement changed nothing; what sent one is taken again between two looks at all tables."""
    where, writes, found = f"{name}.{key} from {status or status_of(scene)}", Writes(), None
    for look in (False, True):
        with undone():
            if status:
                type(scene.subject)._base_manager.filter(pk=scene.subject.pk).update(status=status)
            before = contents() if look else None
            try:
                take(name, key, scene, actor=actor, writes=writes)
            except refusal as raised:
                found = raised
            assert found, f"{where} was not refused"
            assert untouched(), f"{where} left its transaction broken"
            assert not look or differing(before, contents()) == {}, f"{where} wrote before it refused"
        if not writes.count:
            break
    return found


def status_of(scene):
    return type(scene.subject)._base_manager.values_list("status", flat=True).get(pk=scene.subject.pk)


def untouched():
    """Whether the verb left its transaction usable: one that broke it had no block of its own."""
    broken = connection.needs_rollback
    connection.needs_rollback = False
    return not broken
