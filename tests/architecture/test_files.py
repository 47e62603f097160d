"""Files stay small and named after what they hold; pages stay free of inline script and style; locks name no address."""

import re
import tomllib

import pytest

from tests.architecture.source import LAYERS, ROOT, name, python_files, templates

JUNK = {"utils", "helpers", "helper", "common", "core", "misc", "shared", "lib", "stuff"}
WRITTEN = [
    *python_files(*LAYERS, "tests", "tooling"),
    *templates(),
    *(path for folder in ("static", "docker") for path in sorted((ROOT / folder).rglob("*")) if path.suffix in (".js", ".css", "")),
    ROOT / "dev.py",
]


def test_no_file_past_400_lines():
    long = {name(path): lines for path in WRITTEN if path.is_file() and (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400}
    assert not long


def test_no_junk_drawer():
    assert not [name(path) for path in python_files(*LAYERS, "tests", "tooling") if JUNK & {path.stem, *path.relative_to(ROOT).parts[:-1]}]


@pytest.mark.parametrize(
    "what, pattern",
    [
        ("inline script", r"<script(?![^>]*\bsrc=)"),
        ("inline style", r"<style[\s>]"),
        ("style attribute", r"\sstyle\s*="),
        ("event attribute", r"<[^>{%]*\son[a-z]+\s*="),
        ("javascript address", r"javascript:"),
        ("hx-on", r"\shx-on[:\w-]*="),
    ],
)
def test_pages_have_no(what, pattern):
    """The content policy would refuse it. Printed documents (templates/documents) never reach a browser."""
    pages = [path for path in templates() if path.suffix == ".html" and "documents" not in path.parts]
    assert not [name(path) for path in pages if re.search(pattern, path.read_text(encoding="utf-8"))]


def test_locks_name_no_address():
    for lock in ("requirements.lock", "requirements-dev.lock", "requirements-node.lock"):
        assert "://" not in (ROOT / lock).read_text()
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()


def test_every_dependency_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    locked = set(re.findall(r"^([a-z0-9.-]+)==", (ROOT / "requirements-dev.lock").read_text(), flags=re.M))
    run = set(re.findall(r"^([a-z0-9.-]+)==", (ROOT / "requirements.lock").read_text(), flags=re.M))
    names = lambda wanted: {re.match(r"[\w.-]+", one).group().lower() for one in wanted}  # noqa: E731
    assert names(project["project"]["dependencies"]) <= run & locked
    assert names(project["dependency-groups"]["dev"]) <= locked


def test_migrations_are_current(db):
    from django.apps import apps
    from django.core.management import call_command

    with_rows = {model._meta.app_label for model in apps.get_models()} & set(LAYERS)
    assert with_rows == {app for app in LAYERS if (ROOT / app / "migrations" / "0001_initial.py").exists()}
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
