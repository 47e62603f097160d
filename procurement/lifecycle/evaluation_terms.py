"""评审办法 of a purchase: written in the draft within the law's bounds, fixed once it publishes."""

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kernel import rules, trail
from kernel.lifecycle import Refusal
from procurement import drafting, judging_bounds, methods
from procurement.models import EvaluationTerms, Tender

FIELDS = tuple(field.name for field in EvaluationTerms._meta.concrete_fields if field.name not in ("id", "tender"))


def terms_of(tender):
    """The rules of judging of a purchase; the law's usual ones where its documents say nothing. Never saved by reading."""
    try:
        return tender.evaluation_terms
    except EvaluationTerms.DoesNotExist:
        return EvaluationTerms(tender=tender)


def deductions_of(tender, known=None):
    """(full, partial) policy deduction in percent (Decimal) that holds for this purchase: what its documents state, else the lowest lawful;
    (0, 0) where the rule does not hold or the purchase is reserved for small enterprises (C09)."""
    known, terms = known or methods.law(tender), terms_of(tender)
    if "C09" not in known or terms.reserved:
        return Decimal(0), Decimal(0)
    rule = known.get("C09")
    low, partial = judging_bounds.ratio_bounds(rule)[0], judging_bounds.ratio_bounds(rule, consortium=True)[0]
    return (low if terms.deduction is None else terms.deduction), (partial if terms.partial_deduction is None else terms.partial_deduction)


@rules.carries("C08", "C09")
def objection_to_terms(tender, terms=None):
    """Why these rules of judging can't be published, or None: a deduction or a low-price share outside the law's bounds."""
    terms, known = terms or terms_of(tender), methods.law(tender)
    if "C09" in known:
        rule = known.get("C09")
        for name, consortium in (("deduction", False), ("partial_deduction", True)):
            low, high = judging_bounds.ratio_bounds(rule, consortium=consortium)
            value = getattr(terms, name)
            if value is not None and not low <= value <= high:
                return Refusal("deduction", _("The deduction must lie between {low} and {high} percent.").format(low=low, high=high), article=rule.article, field=name)
    if "C08" in known:
        rule = known.get("C08")
        try:
            judging_bounds.low_shares(rule, terms.raised)
        except ValueError as error:
            reason = str(error).partition(":")[0]
            low, high = rule.value(judging_bounds.SHARES[reason]), rule.value("share_max")
            return Refusal("low_share", _("This share must lie between {low} and {high} percent.").format(low=low, high=high), article=rule.article, field=f"low_{reason}")
    elif terms.raised:
        return Refusal("low_share", _("No review of low prices is prescribed for this purchase."), field=f"low_{next(iter(terms.raised))}")
    if terms.rounds > 1 and not methods.of(tender).final_quotes:
        return Refusal("rounds", _("“{method}” knows no final quotes: the price of the response counts.").format(method=tender.get_method_display()), article=methods.of(tender).article, field="rounds")
    return None


@transaction.atomic
def set_terms(tender, *, actor, **fields):
    """Write the rules of judging of a draft. Raises Refusal (published already, outside the law's bounds), PermissionDenied. Returns the row."""
    tender = Tender.objects.select_for_update().get(pk=tender.pk)
    drafting.check_handler(actor, tender)
    if tender.status != "draft":
        raise Refusal("published", _("This purchase is published and can no longer be edited."), todo=_("Publish a clarification instead."))
    if strange := set(fields) - set(FIELDS):
        raise TypeError(f"set_terms takes no {sorted(strange)}")
    terms = terms_of(tender)
    changed = sorted(name for name, value in fields.items() if getattr(terms, name) != value)
    for name, value in fields.items():
        setattr(terms, name, value)
    if refusal := objection_to_terms(tender, terms):
        raise refusal
    terms.save()
    trail.record(tender, "judging", actor=actor, params={"fields": changed})
    return terms


def copy_terms(tender, made):
    """Give a new draft the rules of judging of the purchase it follows, as far as its own method allows them. Inside the caller's transaction."""
    if not EvaluationTerms.objects.filter(tender=tender).exists():
        return
    terms = EvaluationTerms(tender=made, **{name: getattr(terms_of(tender), name) for name in FIELDS})
    if objection_to_terms(made, terms) is None:
        terms.save()
