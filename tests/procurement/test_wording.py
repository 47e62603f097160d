"""The words the law looks at: pure, from rules/lint.toml."""

from types import SimpleNamespace

import pytest

from kernel.lint import PATTERNS, lint, number, read
from kernel.rulebook import BadRule
from procurement import wording

ITEM = SimpleNamespace(kind="objective", name="同类业绩", standard="每份得5分", legal_basis="")


def keys(text, kind, **scope):
    return [hit.pattern.key for hit in lint(text, kind, **scope)]


@pytest.mark.parametrize(
    "text, kind, key",
    [
        ("社区劳务派遣用工20名", "title", "n_dispatch"),
        ("招聘编外人员协助窗口", "goal", "n_recruitment"),
        ("采购办公设备一批", "title", "n_goods"),
        ("活动室装修改造", "title", "n_works"),
        ("承接主体垫资建设，三年回购", "terms", "n_financing"),
        ("代行行政执法职权", "requirements", "n_own_duty"),
        ("注册资金100万元以上", "qualification", "capital"),
        ("年营业额不低于500万元", "requirements", "turnover"),
        ("从业人员不少于30人", "qualification", "staff"),
        ("在本市注册的供应商", "qualification", "region"),
        ("获得本行业奖项", "scoring", "trade"),
        ("仅限社会组织参加", "qualification", "form"),
        ("列入街道供应商库", "qualification", "lists"),
        ("3A级以上得5分", "scoring", "grade"),
        ("报价不得低于预算的80%", "terms", "floor_price"),
    ],
)
@pytest.mark.rule("A10", "A11")
def test_words_are_found_with_their_article(text, kind, key):
    hit = next(hit for hit in lint(text, kind) if hit.pattern.key == key)
    assert hit.words in text and hit.article in str(hit) and hit.todo
    assert hit.blocks == (key in ("n_dispatch", "floor_price"))


@pytest.mark.parametrize(
    "text, kind",
    [
        ("不得采用劳务派遣用工", "goal"), ("社区长者食坊助餐服务", "title"), ("手工材料、图书购置费", "lines"), ("不设最低限价", "terms"), ("报价不得低于成本价", "terms"),
        ("近三年无重大违法记录", "qualification"), ("近三年承担过同类项目", "qualification"), ("具有独立承担民事责任的能力", "qualification"), ("协助开展行政执法宣传", "requirements"),
    ],
)  # fmt: skip
def test_harmless_words_are_left_alone(text, kind):
    assert keys(text, kind) == []


def test_below_the_limit_only_what_holds_for_everybody():
    """Practice 1: A09 and A10 are not asked of a self-run purchase; the negative list and A11 are."""
    assert keys("注册资金100万元以上，最低限价8万元", "qualification", statutory=False) == ["floor_price"]
    assert keys("劳务派遣用工", "title", statutory=False) == ["n_dispatch"]


@pytest.mark.rule("A09", mutate="contracts")
def test_more_than_two_like_contracts_warn():
    assert keys("提供3个同类项目合同", "qualification") == ["like_contracts"]
    assert keys("同类业绩不少于三份", "qualification") == ["like_contracts"]
    assert keys("提供2个以上同类项目合同", "qualification") == [] == keys("近三年至少一份同类合同", "qualification")


@pytest.mark.rule("A12", mutate="overlap")
def test_a_qualification_that_is_scored_as_well():
    assert wording.scored_qualification("须具有同类 业绩。", [ITEM]) == [ITEM]
    clause = SimpleNamespace(kind="subjective", name="人员", standard="配备持证社会工作者三名的得满分", legal_basis="")
    assert wording.scored_qualification("依法登记；配备持证社会工作者三名。", [clause]) == [clause]
    assert wording.scored_qualification("依法登记。", [ITEM, clause]) == []
    price = SimpleNamespace(kind="price", name="报价", standard="", legal_basis="")
    assert wording.scored_qualification("报价完整。", [price]) == []


def test_an_item_that_names_its_basis_is_not_warned_of():
    rated = SimpleNamespace(name="评估等级", standard="5A得5分", legal_basis="", scale="")
    assert [hit.pattern.key for hit in wording.of_documents(items=[rated])] == ["grade"]
    rated.legal_basis = "某市民发〔2025〕3号"
    assert wording.of_documents(items=[rated]) == []


def test_numbers_as_they_are_written():
    assert [number(text) for text in ("3", "３", "三", "两", "十", "十二", "二十", "二十三", "许多")] == [3, 3, 3, 2, 10, 12, 20, 23, None]


GOOD = {"key": "x", "article": "某条", "source": "law", "kinds": ["title"], "severity": "warn", "pattern": "词", "says": "说", "says_en": "says", "todo": "做", "todo_en": "do"}


@pytest.mark.parametrize(
    "change", [{"article": ""}, {"kinds": ["nowhere"]}, {"severity": "info"}, {"pattern": "("}, {"source": "nowhere"}, {"rule": "Z99"}, {"figure": "contracts"}, {"more": 1}, {"only": "self_run"}]
)
def test_a_broken_row_is_refused(change):
    assert read(GOOD, {"law": {}}).key == "x"
    with pytest.raises(BadRule, match="lint.toml: x"):
        read({**GOOD, **change}, {"law": {}})


def test_every_pattern_says_what_to_do_in_both_languages():
    assert len(PATTERNS) >= 15
    assert all(row.says and row.says_en and row.todo and row.todo_en for row in PATTERNS)
