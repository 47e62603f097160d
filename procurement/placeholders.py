"""Names like {{项目名称}} in the texts of purchase documents, and how they are filled. Nothing is computed: a name stands for one known fact.

Filling is one pass over the text: what a value says is never read as a name, a table or a heading again.
"""

import re

from django.utils.translation import gettext_lazy as _

from kernel.lifecycle import Refusal

NAME = re.compile(r"\{\{([^{}\n]{0,40})\}\}")
LOOSE = re.compile(r"\{\{|\}\}")
TABLE, HEADING = "|", "# "


def names_in(text):
    """The names that stand in a text, in order."""
    return [match.group(1).strip() for match in NAME.finditer(text or "")]


def objection(text, known, tables=()):
    """Why a text can't be used, or None: an unknown name, a half-written one, a table's name that shares its line."""
    for name in names_in(text):
        if name not in known:
            return Refusal("unknown_name", _("“{name}” is no name that can be filled in.").format(name=f"{{{{{name}}}}}"), todo=_("Choose one from the list beside the text, or write the words themselves."))
    if LOOSE.search(NAME.sub("", text or "")):
        return Refusal("half_name", _("A name to be filled in is not closed: it begins with two braces and ends with two."), todo=_("Write it as {{项目名称}}, or remove the braces."))
    for line in (text or "").splitlines():
        if any(name in tables for name in names_in(line)) and not (len(names_in(line)) == 1 and NAME.sub("", line).strip() == ""):
            return Refusal("table_alone", _("“{name}” becomes a table and needs a line of its own.").format(name=next(name for name in names_in(line) if name in tables)))
    return None


def one_line(value):
    """A value as it may stand inside a line or a table cell."""
    return " ".join(str(value).split()).replace("|", "｜")


def lines(value):
    """A text of somebody as paragraphs: none of its lines begins a heading or a table."""
    found = []
    for line in str(value).splitlines():
        line = line.strip()
        found.append(_harmless(line))
    return "\n".join(line for line in found if line)


def _harmless(line):
    """The line, its first sign made wide where it would begin a table or a heading."""
    return {"|": "｜", "#": "＃"}[line[0]] + line[1:] if line[:1] in ("|", "#") else line


def table(head, rows):
    """A table in the texts' own signs; every cell is one line."""
    return "\n".join("| " + " | ".join(one_line(cell) or "—" for cell in row) + " |" for row in (head, *rows))


def fill(text, value_of, tables=()):
    """The text with every name replaced by `value_of(name)`. Raises KeyError for an unknown name: ask `objection` first."""
    return "\n".join(_filled(line.strip(), value_of, tables) for line in (text or "").splitlines())


def _filled(line, value_of, tables):
    if whole := NAME.fullmatch(line):
        name = whole.group(1).strip()
        return f"\n{value_of(name)}\n" if name in tables else lines(value_of(name))
    made = NAME.sub(lambda match: one_line(value_of(match.group(1).strip())), line)
    return made if line.startswith((TABLE, "#")) else _harmless(made)


def parsed(text):
    """The blocks of a text: [(kind, content)] with kind heading, line or table (rows of cells, the first is the heading)."""
    found = []
    for line in (text or "").splitlines():
        line = line.strip()
        if line.startswith(TABLE):
            cells = [cell.strip() for cell in line.removeprefix(TABLE).removesuffix(TABLE).split(TABLE)]
            if found and found[-1][0] == "table":
                found[-1][1].append(cells)
            else:
                found.append(("table", [cells]))
        elif line.startswith(HEADING):
            found.append(("heading", line[2:].strip()))
        else:
            found.append(("line" if line else "gap", line))
    return [entry for entry in found if entry[0] != "gap"]
