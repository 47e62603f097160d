"""The repository's own files, as the architecture tests read them."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ("kernel", "communities", "providers", "procurement", "evaluation", "reporting", "config")
LEVEL = {name: level for level, name in enumerate(LAYERS)}


@cache
def python_files(*folders):
    """All Python files of the given folders (default: the apps), without migrations."""
    found = []
    for folder in folders or LAYERS:
        found += [path for path in sorted((ROOT / folder).rglob("*.py")) if "migrations" not in path.parts]
    return tuple(found)


@cache
def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@cache
def templates():
    return tuple(path for path in sorted((ROOT / "templates").rglob("*")) if path.suffix in (".html", ".txt", ".xml", ".svg"))


def name(path):
    return path.relative_to(ROOT).as_posix()


def dotted(node):
    """`a.b.c` of an attribute chain, or ''."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else ""
    return ""
