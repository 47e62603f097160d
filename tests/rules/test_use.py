"""Every rule and figure named in the code exists: a wrong name must not wait for the day somebody presses the button."""

import ast

from kernel import rules
from kernel.carriers import LAYERS, ROOT

ASKING = {"value", "days", "share", "duration", "param"}


def named(tree):
    """(line, rule id, parameter or None) of every literal `rules.get("B09")`, `rules.get("B09").value("x")`, `deadline(_, "B09", "x")`, `Step(rules=("B09",))`."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if (rule_id := asked(node)) is not None:
            yield node.lineno, rule_id, None
        if isinstance(node.func, ast.Attribute) and node.func.attr in ASKING and isinstance(node.func.value, ast.Call):
            if (rule_id := asked(node.func.value)) is not None and node.args and isinstance(node.args[0], ast.Constant):
                yield node.lineno, rule_id, node.args[0].value
        if ast.unparse(node.func).split(".")[-1] == "deadline" and len(node.args) > 2 and all(isinstance(arg, ast.Constant) for arg in node.args[1:3]):
            yield node.lineno, node.args[1].value, node.args[2].value
        for word in node.keywords:
            if word.arg == "rules" and isinstance(word.value, ast.Tuple) and all(isinstance(item, ast.Constant) for item in word.value.elts):
                for item in word.value.elts:
                    yield node.lineno, item.value, None


def asked(node):
    """The id of a literal `rules.get("B09", …)`, else None."""
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "find", "applies", "carries") and ast.unparse(node.func.value) == "rules":
        if node.args and isinstance(node.args[0], ast.Constant):
            return node.args[0].value
    return None


def test_every_rule_and_figure_named_in_the_code_exists():
    wrong, seen = [], 0
    for layer in LAYERS:
        for path in sorted((ROOT / layer).rglob("*.py")):
            for line, rule_id, param in named(ast.parse(path.read_text(encoding="utf-8"))):
                seen += 1
                versions = rules.RULES.versions.get(rule_id, [])
                if not versions or (param and not any(param in rule.params for rule in versions)):
                    wrong.append(f"{path.relative_to(ROOT)}:{line}: {rule_id} {param or ''}")
    assert not wrong
    assert seen > 10


def test_the_reader_finds_each_way_of_asking():
    source = 'rules.get("B09", on=x).days("bid")\ndeadline(x, "D06", "sign")\nStep("a", rules=("G09", "B01"))\nregion.get("B99")'
    assert sorted(named(ast.parse(source)), key=str) == [(1, "B09", "bid"), (1, "B09", None), (2, "D06", "sign"), (3, "B01", None), (3, "G09", None)]
