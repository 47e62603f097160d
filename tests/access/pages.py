"""Reading a page as a browser would: its forms with their fields, headings, links and labels."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"input", "img", "br", "hr", "meta", "link", "area", "col", "source", "wbr", "use", "path"}


@dataclass
class Field:
    """One control: `kind` is text, number, date, datetime-local, select, multiple, checkbox, radio, file, hidden, textarea, password …"""

    name: str
    kind: str
    value: str = ""
    options: list = field(default_factory=list)
    ident: str = ""
    labelled: bool = False
    attributes: dict = field(default_factory=dict)


class Page(HTMLParser):
    """What one HTML page holds."""

    def __init__(self, html):
        super().__init__()
        self.forms, self.headings, self.labels, self.links, self.inline, self.loose = [], [], set(), [], [], []
        self.title, self.language, self.text, self.described = "", "", [], False
        self._form, self._select, self._area, self._label, self._stack = None, None, None, 0, []
        self.feed(html)
        for form in self.forms:
            for row in form["fields"]:
                row.labelled = row.labelled or row.ident in self.labels

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag not in VOID:
            self._stack.append(tag)
        if "style" in found or any(name.startswith("on") for name in found):
            self.inline.append((tag, sorted(found)))
        if tag == "style" or (tag == "script" and "src" not in found and found.get("type", "") != "application/json"):
            self.inline.append((tag, sorted(found)))
        if tag == "html":
            self.language = found.get("lang", "")
        elif tag == "h1":
            self.headings.append("")
        elif tag == "a" and found.get("href"):
            self.links.append(found["href"])
        elif tag == "label":
            self._label += 1
            self.labels.add(found.get("for", ""))
        elif tag == "form":
            self._form = {"action": found.get("action", ""), "method": found.get("method", "get").lower(), "fields": []}
            self.forms.append(self._form)
        elif tag in ("input", "select", "textarea") and found.get("name") and self._form is not None:
            self._control(tag, found)
        elif tag == "option" and self._select:
            self._select.options.append(found.get("value", ""))
            if "selected" in found:
                self._select.value = found.get("value", "")
        elif tag == "button" and found.get("name") and self._form is not None:
            self._form.setdefault("buttons", []).append((found["name"], found.get("value", "")))

    def _control(self, tag, found):
        kind = {"select": "multiple" if "multiple" in found else "select", "textarea": "textarea"}.get(tag, found.get("type", "text"))
        if kind in ("text", "number") and found.get("inputmode") in ("decimal", "numeric"):
            kind = "number"
        row = Field(found["name"], kind, found.get("value") or "", [], found.get("id", ""), self._label > 0 or bool(found.get("aria-label") or found.get("aria-labelledby") or found.get("title")), found)
        self._form["fields"].append(row)
        self._select = row if tag == "select" else self._select
        self._area = row if tag == "textarea" else None

    def handle_endtag(self, tag):
        if tag in self._stack:
            while self._stack and self._stack.pop() != tag:
                pass
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None
        elif tag == "label":
            self._label -= 1

    def handle_data(self, data):
        inside = set(self._stack)
        if "title" in inside and "svg" not in inside:
            self.title += data
        elif "h1" in inside:
            self.headings[-1] += data
        if self._area is not None:
            self._area.value += data
        elif not inside & {"script", "style", "textarea"} and data.strip():
            self.text.append(data.strip())

    def asking(self, path):
        """The form of the page that asks something: the POST form of this very address with the most fields; None when there is none."""
        own = [form for form in self.forms if form["method"] == "post" and form["action"].split("?")[0] in ("", path)]
        visible = [(sum(row.kind != "hidden" for row in form["fields"]), form) for form in own]
        best = max(visible, key=lambda pair: pair[0], default=(0, None))
        return best[1] if best[0] else None
