"""Our own finished HTML as a row of plain blocks (headings, paragraphs, tables), so that one text serves page, PDF, Word and data.

`data-field="key"` on an element names what it says: `fields_of` reads these back. Only HTML of our own templates comes here.
"""

from dataclasses import dataclass, field
from html.parser import HTMLParser

HEADINGS = {"h1", "h2", "h3"}
BREAKS = {"p", "li", "div", "section", "article", "h1", "h2", "h3", "table", "tr"}


@dataclass
class Block:
    """One paragraph, heading or table. `kind`: h1 h2 h3 p li table; `rows` of a table: (is a heading row, [cells])."""

    kind: str
    text: str = ""
    rows: list = field(default_factory=list)


@dataclass
class Said:
    """What one field says: its lines, or the rows of the table in it (without heading rows)."""

    lines: list = field(default_factory=list)
    rows: list = field(default_factory=list)

    @property
    def text(self):
        return "\n".join(line for line in self.lines if line)


def _clean(text):
    return " ".join(text.split())


class _Reader(HTMLParser):
    """Walks through once; elements that are never closed (br, meta) open nothing."""

    VOID = {"br", "meta", "img", "hr", "link", "input", "wbr"}

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.blocks, self.fields, self.open = [], {}, []
        self.text, self.kind, self.skip = "", "p", 0
        self.table, self.row, self.cell = None, None, None

    def handle_starttag(self, tag, attrs):
        if tag in self.VOID:
            if tag == "br":
                self._flush()
            return
        if tag in BREAKS and self.cell is None:
            self._flush()
            self.kind = tag if tag in HEADINGS or tag == "li" else "p"
        if tag in ("style", "title"):
            self.skip += 1
        key = dict(attrs).get("data-field")
        said = self.fields.setdefault(key, Said()) if key else None
        self.open.append([tag, said, ""])
        if tag == "table":
            self.table = Block("table")
        elif tag == "tr":
            self.row = (set(), [])
        elif tag in ("td", "th"):
            self.cell = ""

    def handle_data(self, data):
        if self.skip:
            return
        if self.cell is not None:
            self.cell += data
        else:
            self.text += data
        names = [entry[0] for entry in self.open]
        tables, in_head = [place for place, name in enumerate(names) if name == "table"], "th" in names
        for place, entry in enumerate(self.open):
            outside = tables and place <= tables[-1]  # a table inside a field is read as rows
            if entry[1] is not None and not outside and not (in_head and entry[0] == "tr"):
                entry[2] += data

    def handle_endtag(self, tag):
        if tag in self.VOID or not any(entry[0] == tag for entry in self.open):
            return
        while self.open:
            entry = self.open.pop()
            self._close(entry)
            if entry[0] == tag:
                break

    def _close(self, entry):
        tag, said, text = entry
        if said is not None:
            said.lines += [_clean(line) for line in text.split("\n") if _clean(line)]
        if tag in ("td", "th"):
            if self.row is not None:
                self.row[0].add(tag)
                self.row[1].append(_clean(self.cell or ""))
            self.cell = None
        elif tag == "tr" and self.table is not None and self.row is not None:
            head = self.row[0] == {"th"}
            self.table.rows.append((head, self.row[1]))
            if not head:
                for other in self.open:
                    if other[1] is not None:
                        other[1].rows.append(self.row[1])
            self.row = None
        elif tag == "table" and self.table is not None:
            self.blocks.append(self.table)
            self.table = None
        elif tag in ("style", "title"):
            self.skip -= 1
        elif tag in BREAKS:
            self._flush()
            for other in self.open:
                other[2] += "\n"

    def _flush(self):
        if (text := _clean(self.text)) and self.table is None:
            self.blocks.append(Block(self.kind, text))
        self.text, self.kind = "", "p"


def _read(html):
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader._flush()
    return reader


def blocks_of(html):
    """The blocks of a piece of our HTML, in reading order."""
    return _read(html).blocks


def fields_of(html):
    """{key: Said} of every data-field in a piece of our HTML."""
    return _read(html).fields
