"""Papers and tables of projects: the printable budget, the budget as a spreadsheet and back."""

from collections import defaultdict

from django.utils.translation import gettext_lazy as _

from kernel import clock, spreadsheet
from kernel.pdf import render_pdf
from kernel.spreadsheet import Column
from procurement.budget_cells import LineRow, check
from procurement.lifecycle.budget import MOST_ACTIVITIES, MOST_LINES, groups, shares, total_of
from procurement.lifecycle.budget_bounds import bounds_of, outside

KINDS = {"activity": "活动费用", "people": "人员费用", "running": "管理运行费用"}
HEADINGS = ("类别", "活动序号", "活动", "计划日期", "地点", "人数", "场次", "负责人", "明细", "单位", "数量", "单价", "金额", "备注")
PLAN_HEADINGS = ("活动", "计划日期", "地点", "人数", "场次", "负责人")
LINE_HEADINGS = {"name": "明细", "unit": "单位", "quantity": "数量", "price": "单价", "note": "备注"}
MONEY = {"单价", "金额"}


def budget_pdf(project):
    """The project's budget paper as PDF bytes. Raises Refusal when this machine makes no PDF."""
    plan, lines = list(project.plan.all()), list(project.lines.all())
    found, bounds = shares(lines), bounds_of(project.purchaser_id)
    return render_pdf(
        "documents/budget.html",
        {
            "project": project, "plan": plan, "groups": groups(plan, lines), "shares": [(*share, bounds.shown(share[0]) if bounds else "") for share in found], "bounds": bounds,
            "warnings": [warning.sentence for warning in outside(found, bounds)], "total": total_of(lines), "kinds": KINDS, "count": len(lines),
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
    """Plan and lines of a sheet with HEADINGS, ready for set_budget; rows keep the ids of lines of the same kind, activity and name, in their order.

    Raises spreadsheet.TableError (not a table) or BadBudget (all faulty rows at once).
    """
    table = spreadsheet.read_table(upload, max_rows=1200)
    if missing := [name for name in HEADINGS if name not in table.header and name not in ("金额", "备注", "负责人")]:
        raise spreadsheet.TableError(_("These headings are missing: %(names)s."), params={"names": "、".join(missing)})
    orders = {row.pk: row.order for row in project.plan.all()}
    sheet = _Sheet({order: pk for pk, order in orders.items()}, defaultdict(list))
    for line in project.lines.all():
        sheet.known_lines[line.kind, orders.get(line.activity_id), line.name].append(line.pk)
    errors = []
    for number, record in table.records():
        if sentences := sheet.take(record):
            errors.append((number, "；".join(str(sentence) for sentence in sentences)))
    if len(sheet.lines) > MOST_LINES:
        errors.append((len(table.rows) + 1, _("A budget holds at most {lines} lines for {activities} activities.").format(lines=MOST_LINES, activities=MOST_ACTIVITIES)))
    if errors:
        raise BadBudget(errors)
    return list(sheet.plan.values()), sheet.lines


class _Sheet:
    """What the rows of a sheet say so far: activities by their number, lines in their order."""

    def __init__(self, known_plan, known_lines):
        self.known_plan, self.known_lines, self.plan, self.told, self.lines = known_plan, known_lines, {}, {}, []

    def take(self, record):
        """Read one row. Returns every sentence about what is wrong with it."""
        cells = {name: spreadsheet.text(value) for name, value in record.items()}
        kind = next((key for key, label in KINDS.items() if cells["类别"] in (label, key)), None)
        if kind is None:
            return [_("“{value}” is none of {names}.").format(value=cells["类别"], names="、".join(KINDS.values()))]
        order = int(cells["活动序号"]) if cells["活动序号"].isascii() and cells["活动序号"].isdigit() and len(cells["活动序号"]) < 6 else None
        wrong = self._activity(order, cells, record["计划日期"]) if kind == "activity" else []
        if not any(cells[name] for name in ("明细", "单位", "数量", "单价")):
            return wrong
        row = LineRow(kind, order if kind == "activity" else None, {name: cells.get(heading, "") for name, heading in LINE_HEADINGS.items()})
        if not check(row):
            wrong += [f"{heading}：{row.errors[name]}" for name, heading in LINE_HEADINGS.items() if name in row.errors]
        known = self.known_lines.get((kind, row.activity, row.clean.get("name")))
        self.lines.append(row.clean | {"id": known.pop(0) if known else None})
        return wrong

    def _activity(self, order, cells, day):
        """The activity a row names: read where it stands for the first time, compared after that. Returns sentences."""
        from procurement.forms.project import PlanRowForm

        told = tuple(cells.get(name, "") for name in PLAN_HEADINGS)
        if order in self.told and (not cells["活动"] or told == self.told[order]):
            return []
        if order in self.told:
            return [_("Activity {number} stands here with other details than in a row above.").format(number=order)]
        try:
            day = spreadsheet.day(day)
        except ValueError:
            return [_("“{value}” is no date.").format(value=cells["计划日期"])]
        form = PlanRowForm({"order": order, "title": cells["活动"], "planned_on": day, "location": cells["地点"], "headcount": cells["人数"], "times": cells["场次"] or 1, "by_whom": cells.get("负责人", "")})
        if not form.is_valid():
            return [f"{form.fields[name].label if name in form.fields else '活动'}：{sentences[0]}" for name, sentences in form.errors.items()]
        self.told[order], self.plan[order] = told, form.cleaned_data | {"id": self.known_plan.get(order)}
        return []
