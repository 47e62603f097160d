"""Last year's budget as this year's draft: plan and lines of an earlier project, its dates moved into the new term. Prices stay as they were, and
nothing of what happened to the money comes along: no ids, nothing spent, no remark of a gate."""


from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from kernel.lifecycle import Refusal
from procurement.lifecycle.budget import LINE_FIELDS, PLAN_FIELDS
from procurement.lifecycle.project import set_budget
from procurement.models import Project


def moved(day, years):
    """The same day some years later; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def shifted(days, old_start, new_start, new_end):
    """Dates of a plan in a new term, their order kept: the same day of the year where that fits for all, else the same distance from the
    beginning, and what still falls outside on the nearest day of the term."""
    years = new_start.year - old_start.year
    same_days = [moved(day, years) for day in days]
    if all(new_start <= day <= new_end for day in same_days):
        return same_days
    distance = new_start - old_start
    return [min(max(day + distance, new_start), new_end) for day in days]


def copied(source, starts_on, ends_on):
    """(plan, lines) of a project for set_budget of another one with this term."""
    activities = list(source.plan.all())
    days = shifted([row.planned_on for row in activities], source.starts_on, starts_on, ends_on)
    plan = [{name: getattr(row, name) for name in PLAN_FIELDS} | {"planned_on": day} for row, day in zip(activities, days, strict=True)]
    orders = {row.pk: row.order for row in activities}
    lines = [{name: getattr(line, name) for name in LINE_FIELDS if name != "order"} | {"activity": orders.get(line.activity_id)} for line in source.lines.all()]
    return plan, lines


def sources(project, user, text=""):
    """Earlier projects whose budget may be taken over: those the person may see, of the same community or purchaser, with lines; newest year first."""
    rows = Project.objects.visible_to(user).filter(Q(place=project.place_id) | Q(purchaser=project.purchaser_id)).exclude(pk=project.pk)
    if text:
        rows = rows.filter(Q(title__icontains=text) | Q(number__icontains=text) | Q(place__name__icontains=text) | Q(item__name__icontains=text))
    return rows.annotate(line_count=Count("lines")).filter(line_count__gt=0).select_related("place", "purchaser").order_by("-fiscal_year", "-pk")


def take_over(project, source, *, actor):
    """Replace plan and budget of a draft by those of an earlier project. The trail names the source. Raises Refusal (see set_budget)."""
    if source.pk == project.pk:
        raise Refusal("same_project", _("A budget cannot be taken over from itself."))
    plan, lines = copied(source, project.starts_on, project.ends_on)
    return set_budget(project, plan, lines, actor, origin=source)
