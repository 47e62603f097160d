"""A strict little reader of iCalendar text (RFC 5545), written apart from the product: raises AssertionError on whatever the standard forbids."""

import re
from dataclasses import dataclass, field

NAME = re.compile(r"[A-Z0-9-]+")
UTC = re.compile(r"\d{8}T\d{6}Z")
DAY = re.compile(r"\d{8}")
ONCE = {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "SEQUENCE", "STATUS", "URL", "TRANSP", "LAST-MODIFIED"}


@dataclass
class Component:
    name: str
    values: dict = field(default_factory=dict)
    parts: list = field(default_factory=list)

    def __getitem__(self, key):
        return self.values[key][-1][1]


def unfold(raw):
    """Content lines of the bytes: CRLF only, at most 75 octets a line, no character cut in two."""
    assert raw.endswith(b"\r\n") and b"\n" not in raw.replace(b"\r\n", b"") and b"\r" not in raw.replace(b"\r\n", b"")
    lines = []
    for line in raw[:-2].split(b"\r\n"):
        assert len(line) <= 75, line
        text = line.decode("utf-8")  # a cut character would not decode
        if text.startswith(" "):
            lines[-1] += text[1:]
        else:
            assert text, "an empty line"
            lines.append(text)
    return lines


def text(value):
    """A TEXT value without its escapes."""
    assert not re.search(r"(?<!\\)(?:\\\\)*[;,]", value), f"not escaped: {value}"
    assert not re.search(r"(?<!\\)(?:\\\\)*\\[^\\;,nN]", value), f"unknown escape: {value}"
    return re.sub(r"\\([\\;,nN])", lambda found: "\n" if found[1] in "nN" else found[1], value)


def read(raw):
    """The calendar as a Component; its events are in `.parts`."""
    root, stack = None, []
    for line in unfold(raw):
        head, sign, value = line.partition(":")
        assert sign, line
        name, *parameters = head.split(";")
        assert NAME.fullmatch(name), line
        if name == "BEGIN":
            made = Component(value)
            if stack:
                stack[-1].parts.append(made)
            stack.append(made)
            root = root or made
        elif name == "END":
            assert stack.pop().name == value
        else:
            stack[-1].values.setdefault(name, []).append((tuple(parameters), text(value) if name in ("SUMMARY", "DESCRIPTION", "NAME", "X-WR-CALNAME") else value))
    assert not stack and root.name == "VCALENDAR" and root["VERSION"] == "2.0" and root["PRODID"]
    for event in root.parts:
        assert event.name == "VEVENT" and {"UID", "DTSTAMP", "DTSTART", "SUMMARY"} <= set(event.values)
        assert all(len(event.values[key]) == 1 for key in ONCE & set(event.values))
        assert UTC.fullmatch(event["DTSTAMP"]) and event["SEQUENCE"].isdigit()
        whole = "VALUE=DATE" in event.values["DTSTART"][0][0]
        for key in ("DTSTART", "DTEND"):
            assert (DAY if whole else UTC).fullmatch(event[key]) and ("VALUE=DATE" in event.values[key][0][0]) == whole
        assert event["DTEND"] > event["DTSTART"]
        for alarm in event.parts:
            assert alarm.name == "VALARM" and {"ACTION", "TRIGGER", "DESCRIPTION"} <= set(alarm.values)
    ids = [event["UID"] for event in root.parts]
    assert len(set(ids)) == len(ids)
    return root
