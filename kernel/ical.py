"""Calendars as iCalendar text (RFC 5545): folded lines, escaped text, stable ids, times in UTC, whole days for dates.

Written here because so little is needed: one kind of component, no recurrence, and UTC moments that need no time zone table.
"""

import datetime
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from kernel import clock

TYPE = "text/calendar; charset=utf-8"
FOLD = 75  # octets of a line without its line break (RFC 5545 3.1)
SHOWN = datetime.timedelta(minutes=30)  # how long a moment appears in a day view
MORNING = "-PT15H"  # before a whole day: nine o'clock on the day before
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Event:
    """One entry. `uid` never changes; `sequence` grows when its date moves; `start`: a date (whole day) or an aware moment."""

    uid: str
    summary: str
    start: datetime.date
    description: str = ""
    url: str = ""
    sequence: int = 0
    stamp: datetime.datetime | None = None
    alarm: bool = True

    @classmethod
    def of(cls, entry, sequence=0, stamp=None):
        """An event from a registry.Dated: its article and remark below, a provisional date marked in the title."""
        from kernel import workdays

        start = entry.due
        day = start.astimezone(clock.ZONE).date() if isinstance(start, datetime.datetime) else start
        note = (workdays.provisional_note(day) or _provisional()) if entry.provisional else ""
        words = [part for part in (entry.detail, entry.article, note, address_of(entry.url)) if part]
        return cls(entry.uid, f"{entry.title}{_mark()}" if note else entry.title, start, "\n".join(words), address_of(entry.url), sequence, stamp)

    def lines(self):
        """The component as unfolded content lines."""
        stamp = utc(self.stamp or clock.now())
        yield "BEGIN:VEVENT"
        yield f"UID:{self.uid}@{host()}"
        yield f"DTSTAMP:{stamp}"
        yield f"LAST-MODIFIED:{stamp}"
        yield f"SEQUENCE:{self.sequence}"
        if isinstance(self.start, datetime.datetime):
            yield f"DTSTART:{utc(self.start)}"
            yield f"DTEND:{utc(self.start + SHOWN)}"
        else:
            yield f"DTSTART;VALUE=DATE:{self.start:%Y%m%d}"
            yield f"DTEND;VALUE=DATE:{self.start + datetime.timedelta(days=1):%Y%m%d}"
        yield f"SUMMARY:{escape(self.summary)}"
        if self.description:
            yield f"DESCRIPTION:{escape(self.description)}"
        if self.url:
            yield f"URL:{self.url}"
        yield "TRANSP:TRANSPARENT"
        yield "STATUS:CONFIRMED"
        if self.alarm:
            trigger = "-P1D" if isinstance(self.start, datetime.datetime) else MORNING
            yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{escape(self.summary)}", f"TRIGGER:{trigger}", "END:VALARM")
        yield "END:VEVENT"


def _provisional():
    from django.utils.translation import gettext

    return gettext("provisional")


def _mark():
    return f"（{_provisional()}）"


def calendar(events, *, name):
    """A whole calendar as bytes."""
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Diandan//Diandan//ZH", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
        f"NAME:{escape(name)}", f"X-WR-CALNAME:{escape(name)}", "X-WR-TIMEZONE:Asia/Shanghai", "REFRESH-INTERVAL;VALUE=DURATION:PT1H", "X-PUBLISHED-TTL:PT1H",
    ]  # fmt: skip
    for event in events:
        lines += event.lines()
    lines.append("END:VCALENDAR")
    return "".join(f"{fold(line)}\r\n" for line in lines).encode()


def utc(moment):
    return moment.astimezone(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")


def escape(text):
    """A TEXT value: backslash, semicolon, comma and line breaks escaped, control signs left out."""
    plain = CONTROL.sub("", str(text).replace("\r\n", "\n"))
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def fold(line):
    """A content line in pieces of at most 75 octets, never inside a character."""
    pieces, current, size = [], "", 0
    for sign in line:
        octets = len(sign.encode())
        if size + octets > FOLD:
            pieces.append(current)
            current, size = " ", 1
        current += sign
        size += octets
    return "\r\n".join([*pieces, current])


def host():
    """The platform's name in ids: the host of its address."""
    return urlsplit(settings.SITE_URL).hostname or "diandan"


def address_of(path):
    """A page's full address."""
    return f"{settings.SITE_URL.rstrip('/')}{path}" if path.startswith("/") else path
