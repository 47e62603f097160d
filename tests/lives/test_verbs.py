"""For every verb of every life: allowed from each declared state, refused elsewhere with a sentence, closed to weak roles, all or nothing."""

import re

import pytest
from django.core.exceptions import PermissionDenied
from django.db import OperationalError

from kernel import seal
from kernel.lifecycle import LIVES, Refusal
from tests.architecture.test_lifecycles import expected
from tests.factories.projects import make_user
from tests.lives import scenarios
from tests.lives.harness import (
    NOUNS,
    World,
    Writes,
    builders_of,
    contents,
    differing,
    life_of,
    root_of,
    stages,
    status_of,
    take,
    told,
    undone,
    untouched,
    verb_of,
)
from tests.memory import committed

pytestmark = pytest.mark.django_db
assert scenarios.load_lives
CHINESE = re.compile(r"[\u4e00-\u9fff]")


STAGES = stages()


def cases(per_state=True):
    """(number of the stage, noun, case, its state); or without the state, on the first stage of the case."""
    for name, declared in NOUNS.items():
        for key in declared.cases:
            for state, builder in builders_of(name, key).items():
                yield (STAGES[root_of(builder)], name, key, *([state] if per_state else []))
                if not per_state:
                    break


def each(function):
    rows = list(cases())
    return pytest.mark.parametrize("world,name,key,state", rows, indirect=["world"], ids=["-".join(row[1:]) for row in rows], scope="module")(function)


def each_verb(function):
    rows = list(cases(per_state=False))
    return pytest.mark.parametrize("world,name,key", rows, indirect=["world"], ids=["-".join(row[1:]) for row in rows], scope="module")(function)


@pytest.fixture(scope="module")
def world(request, django_db_setup, django_db_blocker):
    patch = pytest.MonkeyPatch()
    patch.setattr(seal.enrol, "__defaults__", (2**4,))
    with committed(django_db_blocker):
        yield World(list(STAGES)[request.param])
    patch.undo()


@each
def test_allowed_from_its_state_by_its_person(world, name, key, state):
    scene = world.scene(name, key, state)
    assert status_of(scene) == state
    with undone():
        take(name, key, scene)
        reached = status_of(scene)
    assert reached in expected()[name][verb_of(key), state]


@pytest.mark.once
@each_verb
def test_refused_from_every_other_state_with_a_sentence(world, name, key):
    scene = world.scene(name, key)
    allowed = {state for verb, state in expected()[name] if verb == verb_of(key)}
    elsewhere = [state for state in life_of(name).states if state not in allowed]
    assert elsewhere
    for state in elsewhere:
        refusal = told(name, key, scene, Refusal, status=state)
        assert CHINESE.search(str(refusal)), f"{name}.{key} from {state}: {refusal}"


@pytest.mark.once
@each_verb
def test_closed_to_weak_roles_and_strangers(world, name, key):
    case = NOUNS[name].cases[key]
    step = life_of(name).step(verb_of(key))
    if case.weak is None:
        assert step.by_code, f"{name}.{key}: say who is too weak, or that only code takes it"
        return
    scene = world.scene(name, key)
    with undone():
        for somebody in [*case.weak(scene), make_user("路人")]:
            told(name, key, scene, PermissionDenied, actor=somebody)


@each
def test_all_or_nothing_whichever_write_fails(world, name, key, state):
    scene = world.scene(name, key, state)
    counter = Writes()
    with undone():
        take(name, key, scene, writes=counter)
    assert counter.count >= 2, "a verb writes its subject and the trail"
    before = contents(counter.tables)
    for number in range(1, counter.count + 1):
        failing = Writes(fail_at=number)
        with undone():
            with pytest.raises(OperationalError):
                take(name, key, scene, writes=failing)
            assert untouched(), f"write {number} failed outside any block of the verb: {failing.failed}"
            assert differing(before, contents(counter.tables)) == {}, f"write {number} failed and left something: {failing.failed}"


def test_every_verb_has_its_scenes():
    missing, superfluous = [], []
    for name, life in LIVES.items():
        declared = {verb_of(key) for key in NOUNS[name].cases} if name in NOUNS else set()
        wanted = {step.verb for step in life.steps} | set(life.functions)
        missing += [f"{name}.{verb}" for verb in sorted(wanted - declared)]
        superfluous += [f"{name}.{verb}" for verb in sorted(declared - wanted)]
        for key in NOUNS[name].cases if name in NOUNS else ():
            step = life.step(verb_of(key))
            if step and "+" not in key:
                scenes = {state for other in NOUNS[name].cases if verb_of(other) == step.verb for state in builders_of(name, other)}
                missing += [f"{name}.{key} from {state}" for state in step.sources if state not in scenes]
    assert (missing, superfluous) == ([], [])
