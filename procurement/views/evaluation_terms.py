"""The rules of judging of a purchase: written in the draft, read by everybody who sees the purchase."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from kernel.forms import ask_and_do
from kernel.lifecycle import principals_of
from procurement import criteria, methods
from procurement.forms.evaluation_terms import TermsForm
from procurement.lifecycle.evaluation_terms import deductions_of, set_terms, terms_of
from procurement.models import Tender
from procurement.permissions_tender import may_handle_tender


@login_required
def tender_terms(request, pk):
    rows = Tender.objects.visible_to(request.user).select_related("purchaser__place", "profile", "evaluation_terms").prefetch_related("lots", "score_items")
    tender = get_object_or_404(rows, pk=pk)
    terms = terms_of(tender)
    handles = any(may_handle_tender(person, tender) for person in principals_of(request.user))
    if tender.status != "draft" or not handles:
        if request.method == "POST":
            raise PermissionDenied
        known = methods.law(tender)
        context = {
            "tender": tender, "terms": terms, "items": criteria.tree(tender.score_items.all()), "deductions": deductions_of(tender, known), "scored": methods.ranking_of(tender) == "points", "essentials": terms.essential_list,
            "quoted": tender.way.final_quotes, "deducts": "C09" in known,
        }  # fmt: skip
        return render(request, "procurement/terms.html", context)
    form = TermsForm(request.POST or None, instance=terms, tender=tender)
    return ask_and_do(
        request, form, lambda data: set_terms(Tender.objects.get(pk=pk), actor=request.user, **data), to=tender,
        title=_("Rules of judging"), rules=["C05", "C08", "C09", "C13"], draft=f"terms-{pk}",
        intro=_("They are part of the documents and fixed when the purchase publishes. A percent left empty is the law's usual figure."),
    )  # fmt: skip
