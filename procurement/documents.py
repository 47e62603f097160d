"""Papers and tables of projects: the printable budget, the budget as a spreadsheet and back."""

from django.utils.translation import gettext_lazy as _

from kernel import clock, spreadsheet
from kernel.pdf import render_pdf
from kernel.spreadsheet import Column
from procurement.lifecycle.budget import shares

KINDS = {"activity": "活动费用", "people": "人员费用", "running": "管理运行费用"}
HEADINGS = ("类别", "活动序号", "活动", "计划日期", "地点", "人数", "场次", "负责人", "明细", "单位", "数量", "单价", "金额", "备注")
MONEY = {"单价", "金额"}


def budget_pdf(project):
    """The project's budget paper as PDF bytes. Raises Refusal when this machine makes no PDF."""
    lines = list(project.lines.select_related("activity"))
    return render_pdf(
        "documents/budget.html",
        {
            "project": project, "plan": project.plan.all(), "lines": lines, "shares": shares(lines), "kinds": KINDS,
            "funding": project.fundings.select_related("fund"), "printed": clock.now(),
        },
    )  # fmt: skip


def budget_xlsx(project):
    """Plan and lines as one sheet, in the form `read_budget` takes back."""
    lines = list(project.lines.select_related("activity"))
    covered = {line.activity_id for line in lines}
    rows = [_row(line.activity, line) for line in lines] + [_row(activity, None) for activity in project.plan.all() if activity.pk not in covered]
    columns = [Column(name, "money" if name in MONEY else "date" if name == "计划日期" else "text") for name in HEADINGS]
    return spreadsheet.write_xlsx(project.title, columns, rows)


def _row(activity, line):
    plan = [activity.order, activity.title, activity.planned_on, activity.location, activity.headcount, activity.times, activity.by_whom] if activity else [""] * 7
    cost = [line.name, line.unit, float(line.quantity) if line.quantity % 1 else int(line.quantity), line.price, line.amount, line.note] if line else [""] * 6
    return [KINDS[line.kind] if line else KINDS["activity"], *plan, *cost]


class BadBudget(Exception):
    """Rows that cannot be read: [(row number in the file, sentence)]."""

    def __init__(self, errors):
        super().__init__(len(errors))
        self.errors = errors


def read_budget(project, upload):
    """Plan and lines of a sheet with HEADINGS, ready for set_budget; rows keep the ids of lines of the same kind, activity and name.

    Raises spreadsheet.TableError (not a table) or BadBudget (all faulty rows at once).
    """
    table = spreadsheet.read_table(upload, max_rows=1200)
    if missing := [name for name in HEADINGS if name not in table.header and name not in ("金额", "备注", "负责人")]:
        raise spreadsheet.TableError(_("These headings are missing: %(names)s."), params={"names": "、".join(missing)})
    plan, lines, errors = {}, [], []
    known_plan = {row.order: row.pk for row in project.plan.all()}
    known = {(line.kind, line.activity.order if line.activity else None, line.name): line.pk for line in project.lines.select_related("activity")}
    for number, record in table.records():
        try:
            _read_row(record, plan, lines, known_plan, known)
        except ValueError as error:
            errors.append((number, error.args[0]))
    if errors:
        raise BadBudget(errors)
    return list(plan.values()), lines


def _read_row(record, plan, lines, known_plan, known):
    from procurement.forms.project import LineRowForm, PlanRowForm

    cells = {name: spreadsheet.text(value) for name, value in record.items()}
    kind = next((key for key, label in KINDS.items() if cells["类别"] in (label, key)), None)
    if kind is None:
        raise ValueError(_("“{value}” is none of {names}.").format(value=cells["类别"], names="、".join(KINDS.values())))
    order = int(cells["活动序号"]) if cells["活动序号"].isdigit() else None
    if kind == "activity":
        try:
            day = spreadsheet.day(record["计划日期"])
        except ValueError:
            raise ValueError(_("“{value}” is no date.").format(value=cells["计划日期"])) from None
        row = {"order": order, "title": cells["活动"], "planned_on": day, "location": cells["地点"], "headcount": cells["人数"], "times": cells["场次"] or 1, "by_whom": cells.get("负责人", "")}
        known_row = plan.get(order)
        if known_row is None or cells["活动"]:
            clean = _clean(PlanRowForm(row), "活动")
            plan[order] = clean | {"id": known_plan.get(order)}
    if not any(cells[name] for name in ("明细", "单位", "数量", "单价")):
        return
    row = {"kind": kind, "activity": order if kind == "activity" else None, "name": cells["明细"], "unit": cells["单位"], "note": cells.get("备注", "")}
    for heading, name in (("数量", "quantity"), ("单价", "price")):
        try:
            row[name] = spreadsheet.amount(record[heading])
        except ValueError:
            raise ValueError(_("“{value}” is no number.").format(value=cells[heading])) from None
    clean = _clean(LineRowForm({key: value for key, value in row.items() if value is not None}), "明细")
    lines.append(clean | {"id": known.pop((kind, clean.get("activity"), clean["name"]), None)})


def _clean(form, what):
    if not form.is_valid():
        name, errors = next(iter(form.errors.items()))
        label = form.fields[name].label if name in form.fields else what
        raise ValueError(f"{label}：{errors[0]}")
    return form.cleaned_data
