"""Closing: results and checklist, submitted by the provider, accepted by the street."""

from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from kernel.detail import refuse, render_detail
from kernel.forms import ask_and_do
from kernel.lifecycle import Refusal, acting_for
from procurement.forms.payment import ClosingForm
from procurement.lifecycle import closing as closings
from procurement.models import Closing, Contract
from procurement.permissions_contract import provider_or_handler


def visible(request, pk):
    """The closing this person may see; a stranger gets 404."""
    rows = Closing.objects.visible_to(request.user).select_related("contract__project__place", "contract__organization", "contract__purchaser", "contract__lot__tender")
    return get_object_or_404(rows, pk=pk)


@login_required
@require_POST
def closing_create(request, pk):
    """Begin the closing of a contract and go on writing it."""
    contract = get_object_or_404(Contract.objects.visible_to(request.user).select_related("project", "organization"), pk=pk)
    try:
        closing = closings.draft_closing(contract, actor=request.user)
    except Refusal as refusal:
        refuse(request, refusal)
        return redirect(contract)
    return redirect("closing_edit", pk=closing.pk)


@login_required
def closing_detail(request, pk):
    row = visible(request, pk)
    if row.status == "draft":
        kept = [{"label": closings.CHECKLIST[key], "done": done, "remark": remark} for key, done, remark in closings.checklist(row)]
    else:
        kept = [{"label": closings.CHECKLIST.get(one.key, one.key), "done": one.done, "remark": one.remark} for one in row.rows.order_by("pk")]
    return render_detail(request, row, "procurement/closing.html", checklist=kept, may_edit=row.status == "draft" and provider_or_handler(request.user, row), notices=row.contract.announcements.filter(kind="acceptance"))


@login_required
def closing_edit(request, pk):
    row = visible(request, pk)
    acting_for(request.user, row, closings.DRAFT)
    if row.status != "draft":
        return redirect(row)
    form = ClosingForm(request.POST or None, instance=row)
    return ask_and_do(
        request, form, lambda data: closings.save_closing(row, actor=request.user, **data), to=row, said=_("Saved."),
        title=_("Closing: {contract}").format(contract=row.contract), rules=["F01", "F02"], draft=f"closing-{row.pk}",
    )  # fmt: skip
