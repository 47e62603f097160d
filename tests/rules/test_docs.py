"""docs/rules.md and docs/lifecycles.md are generated and current; marks are found where tests carry them."""

import pytest
from django.core.management import CommandError, call_command

from kernel import carriers, rules


@pytest.mark.parametrize("command", ["rules_doc", "lifecycles_doc"])
def test_generated_pages_are_current(command):
    call_command(command, check=True)


def test_check_notices_a_stale_page(monkeypatch, tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "rules.md").write_text("old")
    monkeypatch.setattr(carriers, "ROOT", tmp_path)
    with pytest.raises(CommandError, match="rules_doc"):
        call_command("rules_doc", check=True)


def test_marks_are_found_on_functions_classes_and_modules(tmp_path):
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "test_marks.py").write_text(
        'import pytest\npytestmark = [pytest.mark.rule("G09")]\n'
        '@pytest.mark.rule("B09", mutate="bid_time")\ndef test_one(): pass\n'
        'class TestTwo:\n    @pytest.mark.rule("B03", "B04")\n    def test_two(self): pass\n'
    )
    assert carriers.marked_tests(folder) == [
        ("tests/test_marks.py::test_one", ("G09",), ()),
        ("tests/test_marks.py::test_one", ("B09",), ("bid_time",)),
        ("tests/test_marks.py::TestTwo::test_two", ("G09",), ()),
        ("tests/test_marks.py::TestTwo::test_two", ("B03", "B04"), ()),
    ]


def test_the_page_names_all_98_rules_and_who_carries_them():
    page = carriers.rules_page()
    for rule_id in rules.RULES.ids():
        assert f"\n| {rule_id} " in page
    row = next(line for line in page.splitlines() if line.startswith("| G09 |"))
    assert "`kernel.workdays.deadline`" in row
    assert "tests/rules/test_workdays.py::" in row


def test_an_unknown_rule_cannot_be_announced():
    with pytest.raises(rules.NoRule):
        rules.carries("Z99")
