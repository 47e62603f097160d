"""Names in the texts of purchase documents: filled in one pass, nothing computed, nothing a value says becomes a name, a heading or a table."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.rulebook import BadRule
from procurement import placeholders, tender_papers
from procurement.models import Tender
from procurement.placeholders import NAME, fill, names_in, objection, parsed
from procurement.tender_facts import READ, TABLES

CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
KNOWN = ("项目名称", "采购需求", "评分表")
NASTY = st.text(alphabet=st.sampled_from(list("读书会|#{}% \n\r\t\u2028\u2029\x85\x0b　{{项目名称}}<b>&")), max_size=60)
TEXTS = st.lists(
    st.sampled_from(["# 标题", "一段话", "| 名称 | 内容 |", "| 项目 | {{项目名称}} |", "| 需求 | {{采购需求}} |", "{{采购需求}}", "{{评分表}}", "共{{项目名称}}与{{采购需求}}", "  {{项目名称}}：说明", "", "# {{项目名称}}"]), max_size=14
).map("\n".join)


def shape(text):
    """What stands where: kinds of blocks and the sizes of tables; lines of a text put in a line of its own count once."""
    found = []
    for kind, content in parsed(text):
        entry = (kind, tuple(len(row) for row in content)) if kind == "table" else (kind,)
        if not (kind == "line" and found and found[-1] == ("line",)):
            found.append(entry)
    return found


@CALM
@given(TEXTS, NASTY, NASTY)
def test_no_value_changes_the_shape_of_a_text(text, name, need):
    """Same headings and same tables whatever the values say; an empty value only leaves lines out."""
    table = placeholders.table(("评审因素", "分值"), [("报价", "20"), (name, need)])
    plain = {"项目名称": "读书会", "采购需求": "每周一次", "评分表": placeholders.table(("评审因素", "分值"), [("报价", "20"), ("方案", "80")])}
    wild = {"项目名称": name, "采购需求": need, "评分表": table}
    expected, found = (fill(text, values.__getitem__, ("评分表",)) for values in (plain, wild))
    tables = [entry for entry in shape(expected) if entry[0] == "table"]
    assert [entry for entry in shape(found) if entry[0] == "table"] == tables
    assert sum(kind == "heading" for kind, _content in parsed(found)) <= sum(kind == "heading" for kind, _content in parsed(expected))
    assert sum(kind == "heading" for kind, _content in parsed(expected)) == sum(line.strip().startswith("# ") for line in text.splitlines())


@CALM
@given(NASTY)
def test_what_a_value_says_is_never_read_as_a_name(value):
    asked = []

    def read(name):
        asked.append(name)
        return value

    fill("{{项目名称}}\n| {{项目名称}} |\n又{{项目名称}}", read)
    assert asked == ["项目名称"] * 3


@CALM
@given(TEXTS)
def test_every_known_name_is_filled_and_no_other_sign_is_lost(text):
    found = fill(text, dict.fromkeys(KNOWN, "值").__getitem__)
    assert not names_in(found) and found.count("值") == len(NAME.findall(text))
    assert fill(NAME.sub("值", text), {}.__getitem__) == "\n".join(line.strip() for line in NAME.sub("值", text).splitlines())


@CALM
@given(NASTY)
def test_a_text_with_any_other_name_is_refused(text):
    refusal = objection(text, ())
    assert (refusal is not None) == ("{{" in text or "}}" in text)


@pytest.mark.parametrize(
    "text, code",
    [("{{不存在}}", "unknown_name"), ("{{项目名称}", "half_name"), ("项目名称}}", "half_name"), ("{{__class__}}", "unknown_name"), ("{{tender.number}}", "unknown_name"), ("评分：{{评分表}}", "table_alone"), ("| {{评分表}} |", "table_alone")],
)
def test_unusable_texts(text, code):
    assert objection(text, READ, TABLES).code == code


@pytest.mark.parametrize("method", [code for code, _label in Tender.METHODS])
def test_the_standard_text_of_every_method(method):
    """Seven chapters in their order, every name known, nothing in them the law looks at."""
    known = tender_papers.standard(method)
    assert [row["key"] for row in known.chapters] == list(tender_papers.LINTED) and known.version
    for row in known.chapters:
        assert objection(row["text"], READ, TABLES) is None
    flags = tender_papers.flags([{**row, "text": NAME.sub("", row["text"])} for row in known.chapters], statutory=True)
    assert {key: [str(hit) for hit in hits] for key, hits in flags.items() if hits} == {}
    assert tender_papers.objection_to_template(known.chapters, method) is None


def test_methods_have_their_own_way_of_judging():
    texts = {method: next(row["text"] for row in tender_papers.standard(method).chapters if row["key"] == "evaluation") for method in ("open_tender", "consultation", "negotiation", "single_source")}
    assert len(set(texts.values())) == 4 and "最后报价" in texts["negotiation"] and "最后报价" not in texts["open_tender"]


def test_a_standard_text_with_an_unknown_name_is_not_loaded(tmp_path):
    (tmp_path / "documents.toml").write_text('valid_from = 2026-01-01\nversion = "x"\n[[chapter]]\nkey = "notes"\ntitle = "须知"\ntext = "{{不存在}}"\n', encoding="utf-8")
    with pytest.raises(BadRule):
        tender_papers._file(tmp_path)
