"""Words and their Chinese: each string has one translation, and the extractor can see it."""

import ast

from procurement.models import Announcement, Bond, Inquiry, Question
from tests.architecture.source import LAYERS, ROOT, dotted, name, python_files, tree
from tooling import messages

CHINESE = ROOT / "locale" / "zh_Hans"


def lines_within_fstrings(module):
    """Lines of translation calls inside an f-string: extractors read those as text."""
    inside = [node for outer in ast.walk(module) if isinstance(outer, ast.JoinedStr) for node in ast.walk(outer)]
    return sorted({node.lineno for node in inside if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in messages.KEYWORDS})


def test_each_string_is_translated_in_one_place():
    assert len(messages.sources(CHINESE)) > 1
    assert messages.twice(CHINESE) == []


def test_a_string_translated_twice_is_found_within_a_file_and_across_files(tmp_path):
    (tmp_path / "zh_Hans" / "LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "zh_Hans" / "parts").mkdir()
    (tmp_path / "zh_Hans" / "LC_MESSAGES" / "django.po").write_text('msgid "left"\nmsgstr "左"\n\nmsgctxt "a"\nmsgid "right"\nmsgstr "右"\n\nmsgid "left"\nmsgstr "已退出"\n', encoding="utf-8")
    (tmp_path / "zh_Hans" / "parts" / "b.po").write_text('msgid "right"\nmsgstr "对"\n\nmsgctxt "a"\nmsgid "right"\nmsgstr "右"\n', encoding="utf-8")
    assert messages.twice(tmp_path / "zh_Hans") == [(None, "left", ["django", "django"]), ("a", "right", ["django", "b"])]


def test_one_english_word_for_several_things_reads_right_for_each():
    assert str(Question._meta.verbose_name) == "采购文件提问"
    assert str(Inquiry._meta.get_field("question").verbose_name) == "询问内容"
    assert str(Bond._meta.get_field("form").verbose_name) == "形式"
    assert str(Announcement._meta.get_field("form").verbose_name) == "公告格式"


def test_no_string_is_translated_inside_an_fstring():
    assert lines_within_fstrings(ast.parse("""f"{a} {_('word')}"\nf"{a:>{translation.gettext('y')}}"\n_("{a}").format(a=f"{b}")""")) == [1, 2]
    assert [f"{name(path)}:{line}" for path in python_files(*LAYERS, "tooling") for line in lines_within_fstrings(tree(path))] == []
