"""People who only look, fill in and press: a tab each, words on the buttons, never a verb.

    handler = people("handler")            # logs in through the form, once
    handler.opens("/desk/").follows("项目").fills(title="…", starts_on=day).presses("保存")
"""

import datetime
import itertools
import os
import re
from pathlib import Path

from kernel import clock
from kernel.models import User
from kernel.workdays import is_workday

SHOTS = os.environ.get("DIANDAN_SHOTS")  # a folder: every page passed is kept there as a picture
_shots = itertools.count(1)
KINDS = """names => Object.fromEntries(names.map(name => [name, document.querySelector(`main [name="${name}"]`)]).filter(([, field]) => field)
    .map(([name, field]) => [name, field.tagName === 'INPUT' ? field.type : field.tagName.toLowerCase()]))"""
ERRORS = ".errors li, .dd-errors li, [role=alert]"


class Person:
    """One person's browser. `pages` counts what was loaded; every answer must be a page of success."""

    def __init__(self, name, tab):
        self.name, self.tab, self.pages = name, tab, 0

    # -- moving --

    def opens(self, path):
        """Type an address (or follow one printed on paper)."""
        return self._arrived(self.tab.goto(path))

    def follows(self, text, within="main"):
        """Press a link that holds this text."""
        return self._click(self.tab.locator(f"{within} a", has_text=text), f"link {text}")

    def presses(self, text, within="main", allows=()):
        """Press the button or link that says exactly this (buttons of forms still to come end in …); agrees when asked whether it is meant."""
        exact = re.compile(rf"^\s*{re.escape(text)}\s*…?\s*$")
        box = self.tab.locator(within)
        found = box.locator("button:not([disabled])", has_text=exact).or_(box.locator("a", has_text=exact))
        return self._click(found, f"button {text}", allows)

    def _one(self, found, what):
        if not found.count():
            self._misses(what)
        return found.first

    def _misses(self, what):
        self._shot(wrong=True)
        raise AssertionError(f"{self.name} at {self.tab.url} finds no {what}. The page says:\n{self.tab.inner_text('body')[:3000]}")

    def _click(self, found, what, allows=()):
        asks = found.evaluate_all("found => found.length ? found[0].dataset.confirm || '' : null")
        if asks is None:
            self._misses(what)
        with self.tab.expect_navigation() as going:
            found.first.click()
            if asks:
                self.tab.click("#dd-confirm button[value=yes]")
        return self._arrived(going.value, allows)

    def _arrived(self, answer, allows=()):
        self.pages += 1
        self._shot()
        if answer is not None and answer.status >= 400 and answer.status not in allows:
            self._shot(wrong=True)
            told = "\n".join(self.tab.locator(ERRORS).all_inner_texts()) or self.tab.inner_text("body")[:2000]
            raise AssertionError(f"{self.name} at {self.tab.url}: {answer.status}\n{told}")
        return self

    # -- filling in --

    def fills(self, **fields):
        """Fields by name: text, dates, money; True or False ticks a box; a list ticks several by their label; a choice goes by its label."""
        wanted = {name.replace("__", "-"): value for name, value in fields.items()}
        kinds = self.tab.evaluate(KINDS, list(wanted))
        for name, value in wanted.items():
            kind = kinds.get(name) or self.tab.evaluate(KINDS, [name]).get(name)  # some fields come with what was filled in before
            self._fill(name, value, kind or self._misses(f"field {name}"))
        return self

    def _fill(self, name, value, kind):
        field = self.tab.locator(f'main [name="{name}"]').first
        if kind == "file":
            files = value if isinstance(value, list) else [value]
            field.set_input_files([{"name": title, "mimeType": "image/jpeg" if title.endswith("jpg") else "application/pdf", "buffer": content} for title, content in files])
        elif kind in ("checkbox", "radio"):
            if isinstance(value, bool):
                field.set_checked(value)
            else:
                for label in value if isinstance(value, list) else [value]:
                    self._one(self.tab.locator("main label", has=self.tab.locator(f'[name="{name}"]'), has_text=str(label)), f"choice {label}").locator("input").check()
        elif kind == "select":
            options = field.locator("option").all_inner_texts()
            wanted = [text for text in options if str(value) == text.strip()] or [text for text in options if str(value) in text]
            assert wanted, f"{self.name} at {self.tab.url}: {name} offers {options}, not {value}"
            field.select_option(label=wanted[0])
        else:
            field.fill(f"{value:%Y-%m-%dT%H:%M}" if kind == "datetime-local" else str(value))

    def rows(self, prefix, rows):
        """Fill the rows of a table of fields, adding rows as needed."""
        for number, row in enumerate(rows):
            if not self.tab.locator(f'[data-formset="{prefix}"] tbody tr[data-row]').nth(number).count():
                self.tab.locator(f'[data-formset="{prefix}"] [data-add-row]').click()
            self.fills(**{f"{prefix}-{number}-{name}": value for name, value in row.items()})
        return self

    def budget(self, lines):
        """Write budget lines under their groups: `group` is an activity's number, "people" or "running"; a row is added where none is empty."""
        for line in lines:
            group = line["group"]
            place = f'tbody[data-kind="{group}"]' if isinstance(group, str) else f'tbody[data-activity="{group}"]'
            self._one(self.tab.locator(f"{place} [data-add-line]"), f"group {group}").click()
            rows = self.tab.locator(f"{place} tr[data-line]")
            row = rows.nth(rows.count() - 1)  # by number: the next empty row appears as soon as this one is written in
            for name in ("name", "unit", "quantity", "price"):
                row.locator(f"[name=line_{name}]").fill(str(line[name]))
        return self

    def offers(self, price):
        """The rest of a statutory response: one budget line that carries the price, and the declarations of article 22."""
        self.budget([{"group": "people", "name": "驻点服务", "unit": "项", "quantity": 1, "price": price}])
        return self.fills(letter=True, unrelated=True)

    def changes_line(self, item, **cells):
        """Write other values into the budget line of this name."""
        rows = self.tab.locator("tr[data-line]")
        row = next(row for row in rows.all() if row.locator("[name=line_name]").input_value() == item)
        for name, value in cells.items():
            row.locator(f"[name=line_{name}]").fill(str(value))
        return self

    # -- looking --

    def sees(self, *texts):
        """All texts stand on the page."""
        body = self.tab.inner_text("body")
        for text in texts:
            if text not in body:
                self._shot(wrong=True)
                raise AssertionError(f"{self.name} at {self.tab.url} does not see {text!r}:\n{body[:3000]}")
        return self

    def misses(self, *texts):
        """None of the texts stands on the page."""
        body = self.tab.inner_text("body")
        for text in texts:
            assert text not in body, f"{self.name} at {self.tab.url} sees {text!r}"
        return self

    def downloads(self, text):
        """The file behind a link, as bytes."""
        with self.tab.expect_download() as coming:
            for _turn in range(20):  # a page that followed its job may just be loading itself anew
                if self.tab.locator("main a", has_text=text).count():
                    break
                self.tab.wait_for_timeout(250)
            self._one(self.tab.locator("main a", has_text=text), f"file {text}").click()
        return Path(coming.value.path()).read_bytes()

    def _shot(self, wrong=False):
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            place = re.sub(r"[^a-z0-9]+", "-", self.tab.url.partition("//")[2].partition("/")[2]) or "home"
            self.tab.screenshot(path=f"{SHOTS}/{next(_shots):04d}-{self.name}-{place[:60]}{'-WRONG' if wrong else ''}.png", full_page=True)


class People:
    """Everybody of the walk by login name. The first to come logs in through the form; the others sit down logged in."""

    def __init__(self, browse, password):
        self.browse, self.password, self.known, self.complaints = browse, password, {}, []

    def _sits_down(self, name, **how):
        tab = self.browse(**how)
        tab.on("console", lambda line: line.type == "error" and self.complaints.append(f"{name} {tab.url}: {line.text}"))
        tab.on("requestfailed", lambda request: "/static/" in request.url and request.failure != "net::ERR_ABORTED" and self.complaints.append(f"{name}: {request.url}"))  # a page that was left stops loading
        return Person(name, tab)

    def __call__(self, username, phone=False):
        if (username, phone) not in self.known:
            first = not any(name for name, _phone in self.known)
            person = self._sits_down(username, phone=phone, user=None if first else User.objects.get(username=username))
            if first:
                person.opens("/accounts/login/").fills(login=username, password=self.password).presses("登录")
            self.known[username, phone] = person
        return self.known[username, phone]

    def somebody(self, phone=True):
        """A resident without account."""
        if ("", phone) not in self.known:
            self.known["", phone] = self._sits_down("resident", phone=phone)
        return self.known["", phone]


def goes_on(days=0, hours=0):
    """Time passes, to the next working day."""
    moment = clock.now() + datetime.timedelta(days=days, hours=hours)
    while not is_workday(moment.date()):
        moment += datetime.timedelta(days=1)
    clock.set_to(moment)
