"""config → reporting → evaluation → procurement → providers → communities → kernel: everything points backward."""

import ast
import re
import subprocess
import sys

import pytest
from django.apps import apps
from django.urls import URLPattern, get_resolver

from tests.architecture.source import LAYERS, LEVEL, ROOT, dotted, name, python_files, templates, tree

# Folders of templates that belong to no app of their own name: whose screens they are.
TEMPLATE_OWNER = {"public": "reporting", "bench": "config"}


def test_imports():
    """The contract of pyproject.toml, by import-linter."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_foreign_keys():
    """Also those named by string: Django has resolved them by now."""
    wrong = []
    for model in apps.get_models(include_auto_created=True):
        own = model._meta.app_label
        if own not in LEVEL:
            continue
        for field in [*model._meta.get_fields(include_hidden=False), *model._meta.private_fields]:
            target = getattr(field, "related_model", None)
            points = target and not field.auto_created and field.concrete or (target and field in model._meta.private_fields)
            if points and target._meta.app_label in LEVEL and LEVEL[target._meta.app_label] > LEVEL[own]:
                wrong.append(f"{model.__name__}.{field.name} → {target._meta.label}")
    assert not wrong


def test_models_named_by_string():
    wrong = []
    for path in python_files():
        own = LEVEL[path.relative_to(ROOT).parts[0]]
        for call in (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call) and dotted(node.func).endswith("get_model")):
            texts = [argument.value for argument in call.args if isinstance(argument, ast.Constant) and isinstance(argument.value, str)]
            app = texts[0].split(".")[0] if texts else ""
            if LEVEL.get(app, -1) > own:
                wrong.append(f"{name(path)}:{call.lineno} {texts}")
    assert not wrong


def _owners():
    """url name → app of its view."""
    found = {}

    def walk(patterns):
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                view = getattr(pattern.callback, "view_class", pattern.callback)
                found[pattern.name] = view.__module__.split(".")[0]
            else:
                walk(pattern.url_patterns)

    walk(get_resolver().url_patterns)
    return found


@pytest.fixture(scope="module")
def owners():
    return _owners()


FRAMES = {"public/base_public.html"}  # the frame of pages without login: every layer's pages may extend it


def _template_level(path):
    if path.relative_to(ROOT / "templates").as_posix() in FRAMES:
        return LEVEL["kernel"]
    folder, *rest = path.relative_to(ROOT / "templates").parts
    if folder == "documents":  # printed papers: named after their app, or a frame for all
        folder = rest[-1].split("_")[0]
    return LEVEL.get(TEMPLATE_OWNER.get(folder, folder), LEVEL["kernel"])


def test_url_names_in_templates(owners):
    wrong = []
    for path in templates():
        for url in re.findall(r"""\{%-?\s*url\s+["']([\w:-]+)["']""", path.read_text(encoding="utf-8")):
            if LEVEL.get(owners.get(url), -1) > _template_level(path):
                wrong.append(f"{name(path)}: {url} belongs to {owners[url]}")
    assert not wrong


def test_url_names_in_templates_exist(owners):
    wrong = []
    for path in templates():
        for url in re.findall(r"""\{%-?\s*url\s+["']([\w-]+)["']""", path.read_text(encoding="utf-8")):
            if url not in owners:
                wrong.append(f"{name(path)}: {url}")
    assert not wrong


def test_url_names_in_code(owners):
    wrong = []
    for path in python_files():
        own = LEVEL[path.relative_to(ROOT).parts[0]]
        for call in (
            node for node in ast.walk(tree(path)) if isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] in ("reverse", "reverse_lazy", "redirect")
        ):
            url = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
            if LEVEL.get(owners.get(url), -1) > own:
                wrong.append(f"{name(path)}:{call.lineno} {url} belongs to {owners[url]}")
    assert not wrong


def test_templates_extend_and_include_backward():
    wrong = []
    for path in templates():
        for other in re.findall(r"""\{%-?\s*(?:extends|include)\s+["']([^"']+)["']""", path.read_text(encoding="utf-8")):
            if _template_level(ROOT / "templates" / other) > _template_level(path):
                wrong.append(f"{name(path)} → {other}")
    assert not wrong


def test_no_signals_between_our_apps():
    """Django's own events at start-up (post_migrate) may be listened to; rows being saved may not."""
    wrong = []
    for path in python_files():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and node.module in ("django.dispatch", "django.db.models.signals"):
                wrong += [f"{name(path)}:{node.lineno} {alias.name}" for alias in node.names if alias.name != "post_migrate"]
    assert not wrong


def test_the_line_itself():
    """The contract names exactly our apps, in this order."""
    text = (ROOT / "pyproject.toml").read_text()
    assert str(list(reversed(LAYERS))).replace("'", '"') in text
