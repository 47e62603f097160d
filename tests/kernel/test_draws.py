"""Draws: the same seed gives the same order whatever order the things came in, each once; stored draws stay what they were."""

from hypothesis import given
from hypothesis import strategies as st

from kernel import draws

NAMES = st.lists(st.text(max_size=12), unique=True, max_size=12)
SEEDS = st.text(max_size=20)


@given(NAMES, SEEDS, st.randoms(use_true_random=False))
def test_the_order_follows_from_the_seed_alone(names, seed, random):
    order = draws.order(names, seed)
    assert sorted(order) == sorted(names)
    shuffled = names.copy()
    random.shuffle(shuffled)
    assert draws.order(shuffled, seed) == order
    assert draws.order([(name, "more") for name in shuffled], seed, name=lambda thing: thing[0]) == [(name, "more") for name in order]


@given(NAMES, SEEDS, st.data())
def test_whoever_stays_away_changes_no_others_place(names, seed, data):
    left = data.draw(st.lists(st.sampled_from(names), unique=True)) if names else []
    assert draws.order([name for name in names if name not in left], seed) == [name for name in draws.order(names, seed) if name not in left]


def test_every_order_comes_up():
    assert len({tuple(draws.order("abc", str(seed))) for seed in range(100)}) == 6


def test_what_was_drawn_once_is_drawn_again_for_ever():
    """Worked out without this program: printf 'seed:3' | sha256sum."""
    assert draws.ticket("seed", 3) == "7413102ddf6b24afdf52ee025c815cba7a8df63bc7c14e700836528d9131ee80"
    assert draws.order(range(1, 8), "seed") == [7, 5, 6, 3, 1, 2, 4]
    assert draws.order(["乙", "甲", "丙"], "三十六") == ["丙", "甲", "乙"]
