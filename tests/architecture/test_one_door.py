"""`kernel.clock` is the only source of time, the engine the only writer of a status."""

import ast
import re

from tests.architecture.source import dotted, name, python_files, templates, tree

CLOCKS = re.compile(
    r"(^|\.)(datetime|date|timezone|dt)\.(now|utcnow|today|localdate|localtime)$|^time\.(time|time_ns|localtime|gmtime|ctime|strftime)$"
    r"|(^|\.)functions\.Now$"
)
ENGINE = {"kernel/lifecycle.py"}


def clock_uses(path):
    """Places where a file asks the time of anything but kernel.clock."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute) and CLOCKS.search(dotted(node)):
            yield f"{name(path)}:{node.lineno} {dotted(node)}"
        if isinstance(node, ast.keyword) and node.arg in ("auto_now", "auto_now_add"):
            yield f"{name(path)}:{node.value.lineno} {node.arg}"
        if isinstance(node, ast.ImportFrom):
            names = {alias.name for alias in node.names}
            if (node.module == "time" and names & {"time", "time_ns", "localtime"}) or (
                node.module == "django.utils.timezone" and names & {"now", "localdate"}
            ):
                yield f"{name(path)}:{node.lineno} from {node.module}"
            if node.module == "django.db.models.functions" and "Now" in names:
                yield f"{name(path)}:{node.lineno} Now"


def test_the_clock_is_the_only_source_of_time():
    files = python_files("kernel", "communities", "providers", "procurement", "evaluation", "reporting", "config", "tests")
    found = [use for path in files if name(path) not in ("kernel/clock.py", "tests/architecture/test_one_door.py") for use in clock_uses(path)]
    assert not found


def test_templates_do_not_ask_the_machine_for_the_time():
    assert not [name(path) for path in templates() if re.search(r"\{%-?\s*now\s", path.read_text(encoding="utf-8"))]


def status_writes(path):
    """Places where a file sets a status: by attribute, setattr, update, bulk_update, or save(update_fields)."""
    for node in ast.walk(tree(path)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, (ast.AugAssign, ast.AnnAssign)) else []
        for target in targets:
            for part in ast.walk(target):
                if isinstance(part, ast.Attribute) and part.attr == "status" and isinstance(part.ctx, ast.Store):
                    yield f"{name(path)}:{part.lineno} .status ="
        if isinstance(node, ast.Call):
            called = dotted(node.func).split(".")[-1] or getattr(node.func, "attr", "")
            if called in ("update", "aupdate", "update_or_create") and any(word.arg == "status" for word in node.keywords):
                yield f"{name(path)}:{node.lineno} update(status=)"
            strings = {
                part.value
                for argument in [*node.args, *(word.value for word in node.keywords)]
                for part in ast.walk(argument)
                if isinstance(part, ast.Constant)
            }
            if called in ("setattr", "bulk_update") and "status" in strings:
                yield f"{name(path)}:{node.lineno} {called}"
            if called == "save" and "status" in strings:
                yield f"{name(path)}:{node.lineno} save(update_fields)"


def test_the_engine_is_the_only_writer_of_a_status():
    found = [use for path in python_files() if name(path) not in ENGINE for use in status_writes(path)]
    assert not found


def test_the_lint_sees_what_it_should(tmp_path, monkeypatch):
    """The lint itself can fail."""
    import tests.architecture.source as source

    bad = tmp_path / "bad.py"
    bad.write_text(
        "import datetime\nfrom django.utils import timezone\na = datetime.datetime.now()\nb = datetime.date.today()\nc = timezone.now\n"
        "x.status = 'paid'\nQ.filter(pk=1).update(status='paid')\nsetattr(x, 'status', 'paid')\nx.save(update_fields=['status'])\n"
        "x.a, x.status = 1, 2\nQ.bulk_update(rows, ['status'])\n"
    )
    monkeypatch.setattr(source, "ROOT", tmp_path)
    assert len(list(clock_uses(bad))) == 3
    assert len(list(status_writes(bad))) == 6
