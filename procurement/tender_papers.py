"""采购文件: the chapters of a purchase's documents, from the standard text (`rules/documents.toml`) or the street's own, filled with its facts.

    sources_of(tender)      the chapters as they are edited, with {{names}}; the handler's own words in place of the template's
    filled(tender)          the same, every name filled from the purchase
    flags(tender, chapters) what the law says of the words, by chapter
What a published state said is frozen (DocumentVersion, lifecycle/documents.py): a changed template never changes a running purchase.
"""

import difflib
import hashlib
import json
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from kernel import word
from kernel.blocks import blocks_of
from kernel.lifecycle import Refusal
from kernel.lint import lint
from kernel.pdf import html_to_pdf
from kernel.rulebook import FOLDER, BadRule
from procurement import methods, placeholders
from procurement.models import DocumentTemplate
from procurement.tender_facts import READ, TABLES, Facts

# which pattern of rules/lint.toml a chapter is read by
LINTED = {
    "invitation": "qualification", "notes": "qualification", "qualification": "qualification", "requirements": "requirements", "evaluation": "scoring", "contract": "terms",
    "response_format": "requirements",
}  # fmt: skip
LONGEST = 20_000
CHAPTERS = {
    "invitation": _("chapter: invitation"), "notes": _("chapter: notes for suppliers"), "qualification": _("chapter: qualification"), "requirements": _("chapter: requirements"),
    "evaluation": _("chapter: evaluation"), "contract": _("chapter: contract"), "response_format": _("chapter: format of the response"),
}  # fmt: skip


@dataclass(frozen=True)
class Standard:
    """The standard chapters of a method: [{key, title, text}], and what the text calls itself."""

    chapters: tuple
    version: str


@cache
def _file(folder=FOLDER):
    data = tomllib.loads(Path(folder, "documents.toml").read_text(encoding="utf-8"))
    for row in data["chapter"]:
        if row["key"] not in LINTED:
            raise BadRule(f"documents.toml: {row['key']!r} is no chapter")
        if refusal := placeholders.objection(row["text"], READ, TABLES):
            raise BadRule(f"documents.toml: {row['key']}: {refusal.sentence}")
    return data


@cache
def standard(method):
    """The Standard of a purchasing method: for each chapter the row that names the method, else the one that names none."""
    data, found = _file(), {}
    for row in data["chapter"]:
        if method in row.get("methods", ()) or ("methods" not in row and row["key"] not in found):
            found[row["key"]] = {"key": row["key"], "title": row["title"], "text": row["text"].strip()}
    return Standard(tuple(found[key] for key in LINTED if key in found), data["version"])


def template_of(purchaser, method, on=None):
    """(chapters, what they are called) a new purchase of this unit starts from: the street's own version in force, else the standard."""
    own = DocumentTemplate.in_force(on).filter(purchaser=purchaser, method=method, withdraws=False).order_by("-valid_from", "-id").first()
    if own:
        return [dict(row) for row in own.chapters], str(own)
    known = standard(method)
    return [dict(row) for row in known.chapters], known.version


def sources_of(tender):
    """The chapters with their names unfilled: [{key, title, text, edited}]. A published purchase starts from what it published last."""
    last = tender.document_versions.order_by("-number").first() if tender.status != "draft" else None
    chapters = [dict(row) for row in last.sources] if last else template_of(tender.purchaser_id, tender.method)[0]
    for row in chapters:
        row["edited"] = row["key"] in tender.document_texts
        row["text"] = tender.document_texts.get(row["key"], row["text"])
    return chapters


def filled(tender, sources=None):
    """The chapters as they read: [{key, title, text}]. Raises Refusal when a text names something unknown."""
    facts, found = Facts(tender), []
    for row in sources_of(tender) if sources is None else sources:
        if refusal := placeholders.objection(row["text"], READ, TABLES):
            raise Refusal(refusal.code, f"{row['title']}：{refusal.sentence}", todo=refusal.todo, field=row["key"])
        found.append({"key": row["key"], "title": row["title"], "text": placeholders.fill(row["text"], facts, TABLES)})
    return found


def digest_of(chapters):
    """SHA-256 over what the chapters say, in hexadecimal."""
    plain = [[row["key"], row["title"], row["text"]] for row in chapters]
    return hashlib.sha256(json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def flags(chapters, *, statutory):
    """{chapter key: [Hit]} of the words the law looks at (A09–A11 and the negative list)."""
    return {row["key"]: lint(row["text"], LINTED[row["key"]], statutory=statutory) for row in chapters if row["key"] in LINTED}


def written_flags(tender):
    """[(chapter key, Hit)] in the handler's own words alone: what comes from the purchase's fields is looked at there, a template when it is confirmed. No query."""
    return [(key, hit) for key, text in tender.document_texts.items() if key in LINTED for hit in lint(placeholders.NAME.sub("", text), LINTED[key], statutory=tender.is_statutory)]


def objection_to_template(chapters, method):
    """Why chapters can't be a street's template, or None; `field` names the chapter."""
    for row in chapters:
        if not row["text"].strip():
            return Refusal("empty_chapter", _("The chapter “{title}” is empty.").format(title=row["title"]), field=row["key"])
        if len(row["text"]) > LONGEST:
            return Refusal("too_long", _("A chapter holds at most {limit} characters.").format(limit=LONGEST), field=row["key"])
        if refusal := placeholders.objection(row["text"], READ, TABLES):
            return Refusal(refusal.code, refusal.sentence, todo=refusal.todo, field=row["key"])
        for hit in lint(placeholders.NAME.sub("", row["text"]), LINTED[row["key"]], statutory=method != "self_run"):
            if hit.blocks:
                return Refusal("words", f"“{hit.words}” {hit.says}", article=hit.article, todo=hit.todo, field=row["key"])
    return None


# -- as a page, a PDF, a Word file


def shown(chapters):
    """The chapters for a template: [{key, title, blocks}] with blocks of placeholders.parsed."""
    return [{**row, "blocks": placeholders.parsed(row["text"])} for row in chapters]


def _html(tender, chapters, *, number, digest, draft):
    with translation.override("zh-hans"):
        context = {"tender": tender, "chapters": shown(chapters), "number": number, "digest": digest, "draft": draft, "name": name_of(tender)}
        return render_to_string("documents/tender_documents.html", context)


def name_of(tender):
    """What these documents are called: 磋商文件, 招标文件 … (in Chinese)."""
    return methods.of(tender).words["documents"]


def pdf_of(tender, chapters, *, number=0, digest="", draft=False):
    """PDF bytes. Raises Refusal when this machine makes none."""
    return html_to_pdf(_html(tender, chapters, number=number, digest=digest, draft=draft))


def docx_of(tender, chapters, *, number=0, draft=False):
    """Word bytes."""
    subtitle = f"{tender.number}　{'草稿' if draft else f'第 {number} 版'}"
    blocks = [block for block in blocks_of(_html(tender, chapters, number=number, digest="", draft=draft)) if block.kind != "h1"]
    return word.to_word(f"{tender.title}{name_of(tender)}", blocks, subtitle=subtitle)


def differences(before, after):
    """What changed, chapter by chapter: [{key, title, lines: [(sign, text)]}] with sign "-", "+" or " "; chapters that stayed are left out."""
    old, new = {row["key"]: row for row in before}, {row["key"]: row for row in after}
    found = []
    for key in dict.fromkeys([*new, *old]):
        was, now = old.get(key, {}).get("text", ""), new.get(key, {}).get("text", "")
        if was == now:
            continue
        lines = []
        for group in difflib.SequenceMatcher(None, was.splitlines(), now.splitlines(), autojunk=False).get_grouped_opcodes(1):
            for tag, low, high, start, end in group:
                if tag == "equal":
                    lines += [(" ", line) for line in was.splitlines()[low:high]]
                else:
                    lines += [("-", line) for line in was.splitlines()[low:high]] + [("+", line) for line in now.splitlines()[start:end]]
        title = (new.get(key) or old[key])["title"]
        found.append({"key": key, "title": title, "lines": [(sign, line.removeprefix("# ").strip("| ").replace(" | ", "　")) for sign, line in lines if line.strip()]})
    return found
