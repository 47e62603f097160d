"""The rule files: complete, read rightly, refused when broken, asked by date and purchase."""

import datetime
import json
import textwrap
from decimal import Decimal

import pytest

from kernel import clock, rules
from kernel.rulebook import FOLDER, load

EVERYTHING = {"A01", "A02", "A07", "A11", "D13", "D15", "H01", "H05"}
GOOD = """
[[rule]]
id = "A01"
topic = "标题"
topic_en = "Title"
article = "法 第1条"
valid_from = 2020-01-01
certainty = "P"
scope = "all"
severity = "block"
does = "说明。"
"""
day = datetime.date


def test_all_98_rules_are_there():
    expected = {"A": 12, "B": 27, "C": 14, "D": 15, "E": 6, "F": 4, "G": 9, "H": 8, "I": 3}
    assert {letter: sum(rule_id[0] == letter for rule_id in rules.RULES.ids()) for letter in expected} == expected
    assert len(rules.RULES.ids()) == 98


def test_scope_follows_the_ruling_of_what_holds_for_everything():
    for rule in rules.RULES:
        expected = "self_run" if rule.id == "B26" else "all" if rule.id in EVERYTHING or rule.id[0] in "EFI" else "statutory"
        assert rule.scope == expected, rule.id


def test_every_source_is_named_and_older_than_its_rule():
    texts = rules.load_sources()
    for rule in rules.RULES:
        assert rule.sources, rule.id
        for key in rule.sources:
            assert key in texts, (rule.id, key)
        assert any(texts[key]["valid_from"] <= rule.valid_from for key in rule.sources), rule.id


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('severity = "block"', 'severity = "stop"'), "severity 'stop'"),
        (('scope = "all"', 'scope = "some"'), "scope 'some'"),
        (('certainty = "P"', ""), "missing certainty"),
        (("valid_from = 2020-01-01", 'valid_from = "2020"'), "valid_from must be a date"),
        (("valid_from = 2020-01-01", "valid_from = 2020-01-01\nvalid_to = 2019-01-01"), "valid_to lies before"),
        (('does = "说明。"', 'does = "说明。"\nextra = 1'), "unknown fields"),
        (('does = "说明。"', 'does = "说明。"\nmethods = ["auction"]'), "unknown methods"),
        (('does = "说明。"', 'does = "说明。"\nparams.wait = { value = 5 }'), "needs value, unit and note"),
        (('does = "说明。"', 'does = "说明。"\nparams.wait = { note = "期限", value = 5, unit = "week" }'), "unit 'week'"),
        (('does = "说明。"', 'does = "说明。"\nparams.wait = { note = "期限", value = 5.5, unit = "day" }'), "whole number"),
        (('does = "说明。"', 'does = "说明。"\nparams.wait = { note = "期限", value = 5, unit = "working_day", roll = true }'), "only calendar days roll"),
        (('id = "A01"', 'id = "B01"'), "does not belong"),
    ],
)
def test_a_broken_rule_is_refused_with_file_and_id(tmp_path, change, message):
    (tmp_path / "a_broken.toml").write_text(textwrap.dedent(GOOD.replace(*change)), encoding="utf-8")
    with pytest.raises(rules.BadRule, match=message) as caught:
        load(tmp_path)
    assert "a_broken.toml" in str(caught.value)
    assert "01" in str(caught.value)


def test_two_versions_may_not_be_in_force_at_once(tmp_path):
    (tmp_path / "a_twice.toml").write_text(GOOD + GOOD.replace("2020-01-01", "2021-01-01"), encoding="utf-8")
    with pytest.raises(rules.BadRule, match="two versions"):
        load(tmp_path)


def test_the_files_themselves_load_in_order():
    assert [path.name[0] for path in sorted(FOLDER.glob("[a-z]_*.toml"))] == list("abcdefghi")


@pytest.mark.rule("C09")
def test_the_version_in_force_on_the_day_answers():
    assert rules.get("C09", on=day(2022, 6, 30)).value("deduction_max") == 10
    assert rules.get("C09", on=day(2022, 7, 1)).value("deduction_max") == 20
    with pytest.raises(rules.NoRule, match="C09"):
        rules.get("C09", on=day(2020, 12, 31))


@pytest.mark.rule("C08")
def test_a_rule_begins_on_its_first_day():
    assert not rules.applies("C08", on=day(2026, 1, 31))
    assert rules.applies("C08", on=day(2026, 2, 1))


def test_without_a_date_today_decides():
    with clock.travelled(day(2021, 5, 1)):
        assert rules.get("C09").value("deduction_max") == 10


@pytest.mark.rule("D06", "E01", "E05")
def test_a_local_row_wins_in_its_region_only():
    assert rules.get("E01", region="440311").days("pay") == 15
    assert rules.get("E01", region="510107").days("pay") == 30
    assert rules.get("E01").days("pay") == 30
    assert rules.get("D06", region="440311").duration("sign").unit == "working_day"
    assert rules.find("E05", region="510107") is None
    assert rules.get("E05", region="120101").share("prepay_min") == Decimal("0.30")


@pytest.mark.rule("B09")
def test_scope_and_method_decide_whether_a_rule_holds():
    assert rules.applies("B09", scope="statutory", method="competitive_consultation")
    assert not rules.applies("B09", scope="self_run", method="competitive_consultation")
    assert not rules.applies("B09", scope="statutory", method="open_tender")
    assert rules.applies("E01", scope="self_run")


def test_figures_are_typed():
    assert rules.get("B09").duration("bid_time") == rules.Duration(10, "day", True)
    assert rules.get("C01").share("price_min") == Decimal("0.1")
    assert isinstance(rules.get("A06").value("amount"), Decimal)
    assert rules.get("E02").share("interest_daily") == Decimal("0.0005")
    with pytest.raises(rules.NoRule, match="not days"):
        rules.get("C01").duration("price_min")
    with pytest.raises(rules.NoRule, match="no parameter"):
        rules.get("B09").value("bid_tiem")


def test_a_snapshot_survives_json_and_a_later_change():
    data = json.loads(json.dumps(rules.snapshot(["C09", "B09", "E02"], on=day(2022, 1, 15), scope="statutory", method="competitive_consultation")))
    frozen = rules.from_snapshot(data)
    assert frozen.get("C09").value("deduction_max") == Decimal(10)
    assert frozen.get("C09", on=day(2026, 1, 1)).value("deduction_max") == Decimal(10)
    assert frozen.get("B09").duration("bid_time") == rules.Duration(10, "day", True)
    assert frozen.get("B09").article == "财库〔2014〕214号 第10条"
    assert frozen.get("E02").share("interest_daily") == Decimal("0.0005")
    with pytest.raises(rules.NoRule, match="not frozen"):
        frozen.get("B03")


def test_a_snapshot_leaves_out_what_does_not_hold():
    data = rules.snapshot(on=day(2026, 6, 1), scope="self_run")
    assert "E01" in data["rules"]
    assert "B26" in data["rules"]
    assert "B09" not in data["rules"]


def test_titles_speak_the_readers_language():
    from django.utils import translation

    with translation.override("en"):
        assert rules.get("B09").title == "Competitive consultation time"
    with translation.override("zh-hans"):
        assert rules.get("B09").title == "磋商响应期限"


@pytest.mark.rule("A01")
class TestThresholds:
    def test_the_most_local_row_answers(self):
        row = rules.threshold("440311", "county", on=day(2024, 1, 1))
        assert row
        assert row.open_tender == Decimal(4000000)
        assert row.limit is None

    def test_an_unknown_place_gets_a_reason_and_no_number(self):
        row = rules.threshold("620102", "county", on=day(2024, 1, 1))
        assert not row
        assert row.limit is None
        assert row.open_tender is None
        assert "未录入" in row.reason

    def test_before_its_first_day_a_row_is_silent(self):
        assert not rules.threshold("440311", "county", on=day(2020, 12, 31))
