"""What an application changed since it was judged last, and what became of each remark: for the project page, the gates and the agenda pack."""

from dataclasses import dataclass
from decimal import Decimal

from procurement.lifecycle.budget import FACTS, line_changes
from procurement.lifecycle.gates import said
from procurement.models import Project

PLAIN = [name for name in FACTS if not name.endswith("_id")]


@dataclass(frozen=True)
class Answer:
    """One line with what reviewers said about it last time: `what` is same, changed, added or removed; `remarks` [(gate or person, text)]."""

    change: object
    remarks: tuple = ()

    @property
    def what(self):
        return self.change.what

    @property
    def ignored(self):
        """Somebody remarked on it and it came back as it was."""
        return bool(self.remarks) and self.what == "same"


@dataclass(frozen=True)
class Revised:
    """Everything that changed between the judged revision and the present one."""

    number: int
    lines: tuple
    facts: tuple
    plan: tuple
    before: Decimal
    now: Decimal

    @property
    def delta(self):
        return self.now - self.before

    @property
    def by_line(self):
        return {answer.change.row["id"]: answer for answer in self.lines}


def line_remarks(runs):
    """{line id: [(who, text)]} of gate runs with their votes: each person's own remarks, or the gate's."""
    found = {}
    for run in runs:
        heard = said(run)
        sources = [(f"{run.name} {vote.user}", vote.line_remarks) for vote in heard] or [(run.name, run.line_remarks)]
        for who, remarks in sources:
            for key, text in remarks.items():
                found.setdefault(int(key), []).append((who, text))
    return found


def revised(project, runs, snapshots):
    """The Revised of a project that came again, or None. `snapshots`: {revision number: snapshot}; `runs`: its gate runs with votes."""
    old, new = snapshots.get(project.revision - 1), snapshots.get(project.revision)
    if not old or not new:
        return None
    remarks = line_remarks(run for run in runs if run.revision == project.revision - 1)
    lines = [Answer(change, tuple(remarks.get(change.row["id"], ()))) for change in line_changes(old, new)]
    lines = tuple(answer for answer in lines if answer.what != "same" or answer.remarks)
    names = {name: Project._meta.get_field(name).verbose_name for name in PLAIN}
    facts = tuple((names[name], _readable(name, old["facts"].get(name)), _readable(name, new["facts"].get(name))) for name in PLAIN if old["facts"].get(name) != new["facts"].get(name))
    return Revised(project.revision, lines, facts, _plan_changes(old, new), Decimal(old["total"]), Decimal(new["total"]))


def _readable(name, value):
    return dict(Project.WAYS).get(value, value) if name == "way" else value


def _plan_changes(old, new):
    """(activity before or None, activity now or None) of those that differ."""
    before = {row["id"]: row for row in old.get("plan", [])}
    pairs = [(before.pop(row["id"], None), row) for row in new.get("plan", [])]
    return tuple(pair for pair in [*pairs, *((row, None) for row in before.values())] if pair[0] != pair[1])
