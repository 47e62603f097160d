"""The price lines of a contract: beside the winning response's for everybody who sees the contract, to be settled by the handler while it is a draft."""

import json

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from kernel.cleaning import CleanForm
from kernel.detail import refuse
from kernel.forms import refused, render_form
from kernel.lifecycle import Refusal, acting_for
from kernel.money import ZERO, yuan
from procurement import departures
from procurement.bid_content import total_of
from procurement.budget_cells import HEADINGS, LABELS, LENGTHS
from procurement.forms.budget import WORDS, LineTable
from procurement.lifecycle import contract_draft as drafting
from procurement.lifecycle import contract_lines
from procurement.permissions_contract import handles
from procurement.views.contracts import visible


def _shown(row):
    """A line of response or contract as the table shows it, or None."""
    if row is None:
        return None
    quantity, price = yuan(row["quantity"]), yuan(row["price"])
    return {**row, "quantity": f"{quantity.normalize():f}", "price": price, "amount": yuan(quantity * price)}


@login_required
@require_safe
def contract_price_lines(request, pk):
    """The price lines beside the response they come from: whoever sees the contract sees both."""
    contract = visible(request, pk)
    offers, rows = departures.offered(contract.lot).get("lines", []), departures.rows_of(contract)
    context = {
        "contract": contract, "offered": bool(offers), "pairs": [(_shown(offer), _shown(row), level) for offer, row, level in departures.compared(contract, offers, rows)], "offer_total": total_of(offers), "total": contract_lines.sum_of(rows),
        "refusal": contract_lines.objection(contract, rows) if contract.status == "draft" else None, "handles": handles(request.user, contract), "article": departures.article_of(contract),
        "compared": bool(departures.offered(contract.lot)), "departures": departures.to_explain(contract),
    }  # fmt: skip
    return render(request, "procurement/contract_lines.html", context)


@login_required
def contract_lines_edit(request, pk):
    contract = visible(request, pk)
    acting_for(request.user, contract, drafting.DRAFT)
    if refusal := drafting.objection_to_editing(contract):
        refuse(request, refusal)
        return redirect(contract)
    plan = [(row.order, row.title) for row in drafting.agreed_plan(contract)]
    form, table = CleanForm(request.POST or None), LineTable.agreed(departures.rows_of(contract) or contract_lines.proposal(contract.lot, contract.amount))
    if request.method == "POST":
        table = LineTable.posted(request.POST)
        pasting = bool(request.POST.get("paste", "").strip())
        leftovers = table.paste(request.POST)[1] if pasting else []
        good = table.is_valid({number for number, _title in plan}) and not pasting
        for sentence in (*table.errors, *leftovers):
            form.add_error(None, sentence)
        if not good and not form.errors:
            form.add_error(None, _("Look at the rows and save them; nothing is saved yet."))
        elif good:
            try:
                drafting.edit_lines(contract, actor=request.user, rows=contract_lines.edited(table.clean()))
                messages.success(request, _("Saved."))
                return redirect("contract_price_lines", pk=contract.pk)
            except Refusal as refusal:
                refused(form, refusal)
    else:
        table.is_valid({number for number, _title in plan})
    groups = table.groups(plan)
    return render_form(
        request, form, title=_("Price lines of {contract}").format(contract=contract), rules=["D06"], cancel=reverse("contract_price_lines", args=[contract.pk]), draft=f"contract-lines-{contract.pk}",
        template="procurement/contract_lines_form.html", contract=contract, groups=groups, total=sum((group.total for group in groups), ZERO), words=WORDS.items(), labels=LABELS,
        headings=json.dumps(HEADINGS, ensure_ascii=False), lengths=json.dumps(LENGTHS),
    )  # fmt: skip
