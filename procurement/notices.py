"""The thirteen official forms of announcements (财办库〔2020〕50号) as data: `rules/notices.toml`, checked as it is read.

An announcement is written once as HTML (templates/documents/); its fields are read back from that very text by their `data-field`, in the
form's order, so page, PDF, Word and data never differ. A needed field that says nothing refuses the publication and names the field.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from kernel.blocks import fields_of
from kernel.lifecycle import Refusal
from kernel.rulebook import FOLDER, BadRule

ARTICLE = "财办库〔2020〕50号"
SIGNS_OF_NOTHING = {"", "—", "-", "/", "无"}
ROLES = ("handler", "finance")


@dataclass(frozen=True)
class Field:
    """One field of a form: what it is called, the heading it stands under, whether it must say something; `many`: several lines by hand."""

    key: str
    label: str
    part: str
    needed: bool = True
    many: bool = False


@dataclass(frozen=True)
class Form:
    """One official form. `titles`: by method code, "" for all others; `methods`: those that use it ("" all); `by`: the role that fills it in by hand."""

    code: str
    kind: str
    name: str
    letters: str
    number: int
    titles: dict
    fields: tuple
    methods: tuple = ()
    by: str = ""

    def title(self, method=""):
        """The official title for a purchasing method."""
        return self.titles.get(method) or self.titles[""]

    @property
    def parts(self):
        """[(heading, [fields])] in the official order."""
        found = {}
        for row in self.fields:
            found.setdefault(row.part, []).append(row)
        return list(found.items())

    def said(self, body):
        """The fields of a finished text in the official order: [{key, label, text, rows}]. Raises Refusal naming a needed field that says nothing."""
        known, found = fields_of(body), []
        for row in self.fields:
            one = known.get(row.key)
            text, rows = (one.text, one.rows) if one else ("", [])
            if text in SIGNS_OF_NOTHING and not rows:
                if row.needed:
                    raise missing(self, row)
                continue
            found.append({"key": row.key, "label": row.label, "text": text, "rows": rows})
        return found


def missing(form, field):
    """The refusal for a needed field that says nothing."""
    return Refusal("field_missing", _("“{field}” of the {form} is empty.").format(field=field.label, form=form.name), article=ARTICLE, todo=_("Fill it in where it comes from, then publish again."), field=field.key)


def _form(row, known):
    where = f"notices.toml: {row.get('code', '?')}"
    wanted = {"number", "code", "kind", "name", "letters", "titles"}
    if missing_keys := wanted - set(row):
        raise BadRule(f"{where}: missing {sorted(missing_keys)}")
    if unknown := set(row) - wanted - {"fields", "as", "methods", "by"}:
        raise BadRule(f"{where}: unknown {sorted(unknown)}")
    if "" not in row["titles"]:
        raise BadRule(f"{where}: no title for all other methods")
    if row.get("by", "handler") not in ROLES:
        raise BadRule(f"{where}: nobody of role {row['by']!r} publishes")
    if ("as" in row) == ("fields" in row):
        raise BadRule(f"{where}: either its own fields or those of another form")
    try:
        fields = tuple(Field(**one) for one in row["fields"]) if "fields" in row else known[row["as"]]
    except (TypeError, KeyError) as error:
        raise BadRule(f"{where}: {error}") from None
    if len({one.key for one in fields}) != len(fields):
        raise BadRule(f"{where}: a field stands there twice")
    facts = {name: value for name, value in row.items() if name not in ("fields", "as", "methods")}
    return Form(fields=fields, methods=tuple(row.get("methods", ())), **facts)


def load(folder=FOLDER):
    """{code: Form} in the official order. Raises BadRule on a broken file."""
    try:
        rows = tomllib.loads(Path(folder, "notices.toml").read_text(encoding="utf-8")).get("form", [])
    except tomllib.TOMLDecodeError as error:
        raise BadRule(f"notices.toml: {error}") from None
    written = {row.get("code"): tuple(Field(**one) for one in row["fields"]) for row in rows if "fields" in row}
    found = {row.get("code"): _form(row, written) for row in rows}
    if len(found) != len(rows):
        raise BadRule("notices.toml: a code stands there twice")
    return found


FORMS = load()
BY_HAND = {code: form for code, form in FORMS.items() if form.by}
NAMES = {code: form.name for code, form in FORMS.items()}


def form_for(kind, method=""):
    """The form a kind of announcement takes for a purchasing method. Raises KeyError for an unknown kind."""
    rows = [form for form in FORMS.values() if form.kind == kind]
    if not rows:
        raise KeyError(kind)
    return next((form for form in rows if method in form.methods), None) or next(form for form in rows if not form.methods)
