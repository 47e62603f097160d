"""Translations without gettext's tools: compile with Babel, list what has no Chinese yet, and merge new strings into the catalogue.

python -m tooling.messages             compile what is older than its sources
python -m tooling.messages --missing   list untranslated strings and those translated twice, fail when there is one
"""

import io
import sys
from collections import defaultdict
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
APPS = ("kernel", "communities", "providers", "procurement", "evaluation", "reporting", "config", "templates")
KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}


def sources(locale):
    """The .po files of a language: the catalogue and, while it is written by many, its parts."""
    return sorted((locale / "LC_MESSAGES").glob("django.po")) + sorted(locale.glob("parts/*.po"))


def merged(locale):
    """One catalogue from all sources; fuzzy translations do not count. `twice` lists strings of which only the first would stand."""
    catalog = Catalog(locale=locale.name, charset="utf-8", fuzzy=False)
    for path in sources(locale):
        with path.open("rb") as file:
            for message in read_po(file, locale=locale.name):
                if message.id and message.string and not message.fuzzy and catalog.get(message.id, message.context) is None:
                    catalog.add(message.id, message.string, context=message.context)
    return catalog


def twice(locale):
    """Strings translated in two places, within one file or across files: (context, msgid, names of the files). None of them can say which one counts."""
    places = defaultdict(list)
    for path in sources(locale):
        for entry in path.read_text(encoding="utf-8").split("\n\n"):  # entry by entry: a whole file read at once hides the first of two
            for message in read_po(io.StringIO(entry), locale=locale.name):
                if message.id:
                    places[message.context, message.id if isinstance(message.id, str) else message.id[0]].append(path.stem)
    return [(context, key, files) for (context, key), files in places.items() if len(files) > 1]


def compile_all():
    """Write each django.mo that is older than its sources."""
    for locale in sorted(path for path in (ROOT / "locale").iterdir() if path.is_dir()):
        files, target = sources(locale), locale / "LC_MESSAGES" / "django.mo"
        if not files or (target.exists() and target.stat().st_mtime >= max(file.stat().st_mtime for file in files)):
            continue
        target.parent.mkdir(exist_ok=True)
        fresh = target.with_suffix(".mo.new")
        with fresh.open("wb") as out:
            write_mo(out, merged(locale))
        fresh.replace(target)


def _python_text(path):
    if path.suffix == ".py":
        return path.read_text(encoding="utf-8")
    from django.utils.translation.template import templatize

    left = templatize(path.read_text(encoding="utf-8"), origin=str(path))
    return "\n".join(line.strip() for line in left.splitlines())  # what is left of a template is no Python: its indents mean nothing


def strings():
    """Every translatable string in code and templates: yields (path, line, context, msgid or (singular, plural))."""
    files = [file for app in APPS for file in sorted((ROOT / app).rglob("*")) if file.suffix in (".py", ".html", ".txt") and "migrations" not in file.parts]
    for path in files:
        text = io.BytesIO(_python_text(path).encode())
        for line, message, _comments, context in extract("python", text, keywords=KEYWORDS, options={"encoding": "utf-8"}):
            yield path.relative_to(ROOT), line, context, message


def missing(locale):
    """Strings without a translation: (path, line, context, msgid), each once."""
    catalog, seen = merged(locale), set()
    for path, line, context, message in strings():
        key = message[0] if isinstance(message, tuple) else message
        if key and (context, key) not in seen:
            seen.add((context, key))
            if catalog.get(key, context) is None:
                yield path, line, context, key


def main(arguments):
    compile_all()
    if "--missing" not in arguments:
        return 0
    chinese = ROOT / "locale" / "zh_Hans"
    found, doubled = list(missing(chinese)), twice(chinese)
    for path, line, context, key in found:
        sys.stdout.write(f"{path}:{line}: {f'[{context}] ' if context else ''}{key!r}\n")
    for context, key, files in doubled:
        sys.stdout.write(f"{', '.join(files)}: {f'[{context}] ' if context else ''}{key!r} is translated twice\n")
    sys.stdout.write(f"{len(found)} strings without a translation, {len(doubled)} translated twice\n")
    return 1 if found or doubled else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
