"""Imported when the app is ready: reports' jobs, files, navigation, and the ledger on the project's page."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kernel import files, registry
from kernel.registry import NavItem, Panel, Task, Waiting
from reporting import annual, public  # noqa: F401 (annual registers its job)
from reporting.models import Report, YearTotal
from reporting.permissions import districts_of, is_finance, may_report

files.register_access(Report, lambda user, attachment: Report.objects.visible_to(user).filter(pk=attachment.subject_id).exists())
registry.nav(
    NavItem("public", _("Project lists"), "public_lists", may=lambda user: True, order=45),
    NavItem("reports", _("Reports"), "report_list", may=may_report, order=80),
    NavItem("reports", _("Earlier years' totals"), "year_totals", may=is_finance, order=81),
)


@registry.desk
def desk(user):
    """Totals of earlier years that wait for a second person of the finance bureau."""
    if is_finance(user):
        rows = YearTotal.objects.filter(place__in=districts_of(user), confirmed_by=None).exclude(entered_by=user).select_related("place")
        yield Waiting(rows, lambda row: Task(_("Earlier years' totals"), f"{row.place} {row.year}", _("Confirm the totals"), reverse("year_totals")))


def ledger_panel(project, user):
    """On the project's page: its ledger, made as PDF by the worker."""
    if not may_report(user):
        return None
    begun = project.status in ("sourcing", "contracted", "closed")
    reports = Report.objects.filter(project=project, kind="ledger", made_at__isnull=False)[:5] if begun else ()
    return Panel(_("Project ledger"), "reporting/ledger_panel.html", {"project": project, "reports": reports}, order=90)


registry.panel("project", ledger_panel)


def need_panel(need, user):
    """For everybody, on a published need and on the page of a wish behind it: notices and contracts it led to, and what is paid."""
    rows = list(public.contracts().filter(project__needs=need)[:20])
    told = list(public.announcements_of_need(need)[:20])
    return Panel(_("What came of it"), "public/need_panel.html", {"rows": rows, "announcements": told}, order=50) if rows or told else None


registry.panel("need_public", need_panel)
