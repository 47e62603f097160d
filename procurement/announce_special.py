"""What invitations, single source, framework agreements and buying anew tell the shell: forms, navigation, desk, panels, deadlines, files."""

import datetime

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from communities.permissions import has_role, people, purchaser_ids
from kernel import clock, files, registry, rules
from kernel.registry import Brief, Hit, NavItem, Panel, Reminder, Task, Waiting
from procurement import methods
from procurement.forms import framework as framework_forms
from procurement.forms import single_source as single_forms
from procurement.lifecycle import call_off, framework_agreement, framework_selection, invitation, restart, single_response, single_source, tender  # noqa: F401 (single_response registers its verb)
from procurement.lifecycle import framework as frameworks
from procurement.models import CallOff, Framework, FrameworkAgreement, FrameworkItem, SingleSource, Tender, TenderInvitation
from procurement.permissions import organization_ids
from procurement.permissions_tender import knows_invited, may_attend, may_handle_tender

for _step, _form in (
    (single_source.ARGUE, single_forms.ArgueForm), (single_source.OBJECT, single_forms.ObjectionForm), (single_source.REARGUE, single_forms.ReargueForm),
    (single_source.APPROVE, single_forms.ApproveForm), (single_source.ASK, single_forms.AskForm), (single_source.NEGOTIATE, single_forms.NegotiateForm), (single_source.AWARD, single_forms.SettleForm),
):
    single_source.LIFE.form(_step, _form)
framework_agreement.LIFE.form(framework_agreement.SIGN, framework_forms.SignAgreementForm)
framework_agreement.LIFE.form(framework_agreement.REMOVE, framework_forms.RemoveForm)
tender.LIFE.form(framework_selection.SELECT, framework_forms.SelectForm)
tender.LIFE.verb_labels |= {
    "entry": _("way in chosen"), "freeze_pool": _("list of suppliers frozen"), "draw": _("suppliers drawn"), "recommend": _("supplier recommended"), "leave_out": _("recommended supplier left out"),
    "invite": _("letters sent"), "restart": _("bought anew"),
}  # fmt: skip
files.register_roles({"argument": _("expert argument"), "negotiation": _("record of the negotiation"), "agreement": _("signed agreement"), "removal": _("record of the removal")})
files.register_access(SingleSource, files.by_sight(SingleSource))
files.register_access(FrameworkAgreement, files.by_sight(FrameworkAgreement))

USERS = ("handler", "section", "committee", "leader", "supervisor", "legal", "observer", "department", "finance", "accountant")
registry.nav(
    NavItem("buying", _("Framework agreements"), "framework_list", may=lambda user: has_role(user, *USERS), order=43),
    NavItem("buying", _("Framework agreements"), "framework_list", may=lambda user: bool(organization_ids(user)) and not has_role(user, *USERS), order=43),
)


@registry.search
def search(user, text):
    rows = Framework.objects.visible_to(user).filter(title__icontains=text)[:10]
    return [Hit(_("framework agreement"), row.title, row.get_absolute_url(), row.users) for row in rows]


def invitation_panel(row, user):
    """How suppliers come in, for whoever prepares it; an invited supplier's own letter."""
    if knows_invited(user, row) and (row.by_invitation or (row.status == "draft" and row.method in invitation.MAY_INVITE and may_handle_tender(user, row))):
        invited = list(row.invitations.all()) if row.by_invitation else []
        refusal = invitation.objection(row, invited) if row.by_invitation and row.status == "draft" else None
        return Panel(_("How suppliers come in"), "procurement/panel_invitations.html", {"tender": row, "invited": invited, "refusal": refusal}, order=8)
    own = organization_ids(user)
    if not own or not (row.by_invitation or row.way.entry == "single") or row.status == "draft":
        return None
    letters = list(TenderInvitation.objects.filter(tender=row, organization__in=own, sent_at__isnull=False).select_related("organization"))
    open_ = row.status == "published" and row.deadline and clock.now() < row.deadline
    return Panel(_("Your invitation"), "procurement/panel_letter.html", {"letters": letters, "open": open_}, order=8) if letters else None


def single_source_panel(row, user):
    """Where a single-source purchase stands and what waits next."""
    if methods.of(row).entry != "single" or not may_attend(user, row):
        return None
    found = SingleSource.objects.filter(tender=row).select_related("organization").first()
    if found is None and row.status != "draft":
        return None
    return Panel(_("Single source"), "procurement/panel_single.html", {"tender": row, "single": found, "handles": may_handle_tender(user, row)}, order=8)


def framework_panel(row, user):
    """Of stage 1 the framework it collects for; of a call-off the framework it was made under."""
    if row.method != "framework":
        return None
    if row.collects:
        items = list(FrameworkItem.objects.filter(lot__tender=row).select_related("framework", "lot").prefetch_related("agreements__organization"))
        found = items[0].framework if items and Framework.objects.visible_to(user).filter(pk=items[0].framework_id).exists() else None
        return Panel(_("Framework agreement"), "procurement/panel_framework.html", {"framework": found, "collected": items}, order=8) if items else None
    called = CallOff.objects.filter(tender=row).select_related("agreement__item__framework", "agreement__organization", "agreement__item__lot").first()
    return Panel(_("Bought under a framework"), "procurement/panel_framework.html", {"framework": called.agreement.item.framework, "call": called}, order=8) if called else None


def restart_panel(row, user):
    """What failed before, and what follows a failure."""
    failed = row.status == "failed" or (row.status == "awarded" and any(lot.status == "failed" for lot in row.lots.all()))
    if not may_attend(user, row) or not (row.follows_id or failed):
        return None
    later = restart.successors(row) if failed else []
    free = failed and not later and may_handle_tender(user, row)
    return Panel(_("Bought anew"), "procurement/panel_restart.html", {"tender": row, "earlier": row.follows_id, "later": later, "free": free}, order=9) if row.follows_id or later or free else None


def project_framework_panel(project, user):
    """On an approved project: the frameworks that cover its office. On a programme: its framework."""
    if project.status == "programme":
        found = Framework.objects.filter(project=project).first()
        return Panel(_("Framework agreement"), "procurement/panel_framework.html", {"framework": found}, order=29) if found else None
    if project.status != "approved" or project.way == "intended" or project.item.nature != "service" or not has_role(user, "handler", purchaser=project.purchaser_id):
        return None
    rows = list(call_off.usable_for(project)[:5])
    return Panel(_("Buy under a framework"), "procurement/panel_usable.html", {"project": project, "frameworks": rows}, order=31) if rows else None


for _provider in (invitation_panel, single_source_panel, framework_panel, restart_panel):
    registry.panel("tender", _provider)
registry.panel("project", project_framework_panel)

SINGLE_ACTIONS = {
    "draft": _("Argue or negotiate the single source"), "argued": _("Publish or negotiate the single source"), "publicized": _("Ask for the approval"), "approved": _("Ask the supplier for its response"), "asked": _("Negotiate with the supplier"),
    "negotiated": _("Settle the supplier"),
}  # fmt: skip


def _single_tasks(user):
    handled, deciding = purchaser_ids(user, "handler"), purchaser_ids(user, "leader")
    if not handled and not deciding:
        return
    waits = Q(tender__purchaser__in=handled, status__in=("draft", "argued", "approved")) | Q(tender__purchaser__in=handled, status="publicized", publicity_until__lt=clock.today()) | Q(tender__purchaser__in=handled, status="asked", tender__status="opened")
    rows = SingleSource.objects.filter(waits | Q(tender__purchaser__in=deciding, status="negotiated"))

    def step(row):
        due = row["reargue_due_on"] if row["status"] == "publicized" else None
        return Task("tender", row["tender__title"], SINGLE_ACTIONS[row["status"]], reverse("single_source", args=[row["tender_id"]]), clock.midnight(row["stage_since"]), due, row["more"])

    yield Brief.of(rows, ("tender_id", "tender__title", "status", "stage_since", "reargue_due_on"), step)


def _framework_tasks(user):
    handled = purchaser_ids(user, "handler")
    if not handled:
        return
    mine = FrameworkAgreement.objects.filter(item__framework__purchaser__in=handled).filter(Q(status="selected", letter_on__isnull=False) | Q(status="active", filed_on=None) | Q(status="active", told_on=None))
    dates = ("sign_due_on", "filed_on", "filing_due_on", "telling_due_on")
    yield Brief.of(mine.order_by("stage_since", "pk"), ("pk", "status", "organization__name", "item__lot__title", "stage_since", *dates), agreement_duty)
    untold = Tender.objects.filter(purchaser__in=handled, method="framework", status="awarded", published_at__isnull=False).exclude(opening_record__has_key="result_told")
    yield Waiting(untold, lambda row: Task("tender", row.title, _("Announce the selected suppliers"), row.get_absolute_url(), row.opened_at))


def _invited_tasks(user):
    own = organization_ids(user)
    if own:
        rows = TenderInvitation.objects.filter(organization__in=own, answer="", tender__status="published", tender__deadline__gt=clock.now(), sent_at__isnull=False).select_related("tender")
        yield Waiting(rows, lambda row: Task("bid", row.tender.title, _("Answer the invitation"), row.tender.get_absolute_url(), row.sent_at, row.tender.deadline))


def agreement_duty(row):
    """What the framework agreement that waits longest wants next (B24)."""
    if row["status"] == "selected":
        action, due = _("Sign the framework agreement"), row["sign_due_on"]
    elif row["filed_on"] is None:
        action, due = _("File the copy"), row["filing_due_on"]
    else:
        action, due = _("Tell the offices that may use it"), row["telling_due_on"]
    title = f"{row['organization__name']} · {row['item__lot__title']}"
    return Task("framework", title, action, reverse("framework_agreement", args=[row["pk"]]), clock.midnight(row["stage_since"]), due, row["more"])


@registry.desk
def desk(user):
    yield from _single_tasks(user)
    yield from _framework_tasks(user)
    yield from _invited_tasks(user)


AHEAD = datetime.timedelta(days=3)


def _phased(kind, row, users, day, now, title, url, rule_id):
    due = clock.end_of_day(day)
    phase = "after" if now > due else "before" if now >= due - AHEAD else None
    if phase:
        yield Reminder(kind, row, users, due, phase, title, url, rules.get(rule_id).article)


@registry.reminder
def deadlines(now):
    """Supplementary argument (B20); signing, filing, telling and summary of frameworks (B24)."""
    from functools import cache

    staff = cache(lambda purchaser: tuple(people("handler", "leader", purchaser=purchaser)))
    for row in SingleSource.objects.filter(status="publicized", reargue_due_on__isnull=False, reargued_on=None).select_related("tender"):
        yield from _phased("reargue", row, staff(row.tender.purchaser_id), row.reargue_due_on, now, row.tender.title, row.get_absolute_url(), "B20")
    rows = FrameworkAgreement.objects.filter(Q(status="selected", sign_due_on__isnull=False) | Q(status="active", filed_on=None) | Q(status="active", told_on=None)).select_related("item__framework", "item__lot", "organization")
    for row in rows:
        duties = [("framework_sign", row.sign_due_on)] if row.status == "selected" else [("framework_file", None if row.filed_on else row.filing_due_on), ("framework_tell", None if row.told_on else row.telling_due_on)]
        for kind, day in duties:
            if day:
                yield from _phased(kind, row, staff(row.item.framework.purchaser_id), day, now, str(row), row.get_absolute_url(), "B24")
    for row in Framework.objects.filter(status__in=("running", "ended"), starts_on__isnull=False).prefetch_related("summaries"):
        for year, due in frameworks.summaries_due(row):
            yield from _phased(f"framework_summary_{year}", row, staff(row.purchaser_id), due.date, now, f"{row.title} {year}", row.get_absolute_url(), "B24")
