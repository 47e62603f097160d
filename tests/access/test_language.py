"""The same page in Chinese and in English: same answer, same data, only the words differ; and no word without its Chinese."""

import ast
import io
import re

import pytest
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

from tests.access.answers import address
from tests.access.objects import people_of
from tests.access.pages import Page
from tests.access.tables import expected, rows_of
from tests.access.world import client_of
from tests.processes import ROOT

APPS = ("kernel", "communities", "providers", "procurement", "evaluation", "reporting", "config")
KEYWORDS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy", "npgettext", "npgettext_lazy"}


def translated():
    """(context, msgid) of everything that has its Chinese, in all catalogues of the language."""
    found = set()
    for path in sorted((ROOT / "locale" / "zh_Hans").rglob("*.po")):
        for message in read_po(io.BytesIO(path.read_bytes())):
            if message.id and message.string and (message.string if isinstance(message.string, str) else all(message.string)):
                found.add((message.context, message.id if isinstance(message.id, str) else message.id[0]))
    return found


def sources():
    """(relative path, Python text to extract from) of code and templates."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT), path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "templates").rglob("*")):
        if path.suffix in (".html", ".txt"):
            yield path.relative_to(ROOT), templatize(path.read_text(encoding="utf-8"), origin=str(path))


CALL = re.compile(r"(?<!\w)(?:_|gettext|ngettext|pgettext|npgettext)\(")


def calls(text, path):
    """The calls for a translation in Python, or in what `templatize` leaves of a template (no Python, but for the calls)."""
    if path.suffix == ".py":
        yield from (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
        return
    for found in CALL.finditer(text):
        for end in (place for place, sign in enumerate(text[found.start() : found.start() + 3000], found.start() + 1) if sign == ")"):
            try:
                yield ast.parse(text[found.start() : end], mode="eval").body
            except SyntaxError:
                continue
            break


def asked():
    """(path, context, msgid) of every string that asks for a translation."""
    for path, text in sources():
        for call in calls(text, path):
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            if name not in KEYWORDS or (name == "_" and not isinstance(call.func, ast.Name)):
                continue
            words = [node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None for node in call.args[:2]]
            context, msgid = (words[0], words[1] if len(words) > 1 else None) if "pgettext" in name else (None, words[0] if words else None)
            if msgid and msgid.strip():
                yield str(path), context, msgid


def test_no_string_without_its_chinese():
    have = translated()
    missing = sorted({(path, context, msgid) for path, context, msgid in asked() if (context, msgid) not in have})
    assert missing == []


def test_no_translation_is_built_from_pieces():
    """A message with a variable inside gettext(f"…") can never be found in a catalogue."""
    built = []
    for path, text in sources():
        if path.suffix == ".py":
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in KEYWORDS and node.args and isinstance(node.args[0], (ast.JoinedStr, ast.BinOp)):
                    built.append((str(path), node.lineno))
    assert built == []


PAGES = [row for row in rows_of("access.csv") if row["method"] == "GET" and "=200" in row["own"] and row["url"] not in ("healthz", "account_logout", "csp_report", "job_progress")]
# what may stand in Latin letters on a Chinese page: names of formats, codes, our own numbers, and what people typed themselves
LATIN = re.compile(
    r"/receipts/|Email|TXT|PDF|Excel|WPS|Alt|Ctrl|Tab|Delete|CSV|XLSX|JPEG|JPG|PNG|ZIP|OFD|QR|HTML|TOTP|UTC|GPA|OK|ID|IP|SHA|SHA-256|HPKE|URL|https?|WeChat|English|Diandan|Word|MB|KB|GB|xlsx|csv|txt|pdf|docx|png|jpg|"
    r"[A-Z]{1,4}[0-9][A-Z0-9-]*|[A-Z]{1,4}-[A-Z0-9-]+|[\w.+-]+@[\w.-]+|[0-9A-Za-z]{12,}|(?:[\w-]+\.)+[a-z]{2,}[\w/.-]*|[a-z]+[0-9_]\w*|printf|\$\w+|for n in|sha256sum|; do |done \| sort"
)
WORD = re.compile(r"[A-Za-z][A-Za-z'’-]{2,}")
TYPED = re.compile(r"(finding|closing|paying|scoring|published|contract_draft|approved|committee|submitted|returned|draft|nobody|handler|leader|admin|provider|auditor|expert|community|finance|accountant|cashier|section|supervisor|observer|legal|department|fundowner|grid|newcomer|plan|group)\w*")


def reader(world, row):
    """Somebody of the objects' own people who may read the page."""
    return next((user for role, side, user in people_of(world, row["object"]) if side == "own" and expected(row["own"], role) == "200"), None)


def numbers(page):
    """Amounts, dates and counts a page shows, in order."""
    return sorted(re.findall(r"\d[\d,]*\.\d\d|\d{4}-\d\d-\d\d", " ".join(page.text)))


def read(user, where, language):
    client = client_of(user)
    client.cookies["diandan_language"] = language
    from django.conf import settings

    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    response = client.get(where)
    client.cookies.pop(settings.LANGUAGE_COOKIE_NAME, None)
    client.cookies.pop("diandan_language", None)
    return response


def in_chinese(world, row):
    """The page as its reader gets it, laid out and printed once for all tests that look at it; None when nobody reads it."""
    key = row["url"], row["object"]
    if key not in world.read:
        user = reader(world, row)
        world.read[key] = response = user and read(user, address(world, *key), "zh-hans")
        if response:
            response.context = response.templates = None  # what it was laid out from need not stay
    return world.read[key]


@pytest.mark.parametrize("row", PAGES, ids=lambda row: f"{row['url']}-{row['object']}")
def test_only_words_differ(world, row, request):
    chinese = in_chinese(world, row)
    if chinese is None:
        return
    request.getfixturevalue("unprinted")
    english = read(reader(world, row), address(world, row["url"], row["object"]), "en")
    assert chinese.status_code == english.status_code
    if not chinese.get("Content-Type", "").startswith("text/html"):
        return
    ours, theirs = Page(chinese.content.decode()), Page(english.content.decode())
    assert (ours.language.lower(), theirs.language.lower()) == ("zh-hans", "en")
    assert sorted(ours.links) == sorted(theirs.links)
    assert [[(field.name, field.kind, field.options) for field in form["fields"]] for form in ours.forms] == [[(field.name, field.kind, field.options) for field in form["fields"]] for form in theirs.forms]
    assert numbers(ours) == numbers(theirs)
    left = sorted({word for text in ours.text if text != world.place.sort_key for word in WORD.findall(TYPED.sub("", LATIN.sub("", text)))})
    assert left == []
