"""The rules of judging of a purchase as a form."""

from django import forms

from kernel.cleaning import CleanModelForm
from procurement import judging_bounds, methods
from procurement.lifecycle.evaluation_terms import FIELDS
from procurement.models import EvaluationTerms


class TermsForm(CleanModelForm):
    """What does not concern the purchase's method is not asked; an empty percent is the law's usual figure, shown as placeholder."""

    class Meta:
        model = EvaluationTerms
        fields = FIELDS
        widgets = {"essentials": forms.Textarea(attrs={"rows": 6})}

    def __init__(self, *args, tender, **kwargs):
        super().__init__(*args, **kwargs)
        known, way, scored = methods.law(tender), methods.of(tender), methods.ranking_of(tender) == "points"
        gone = [] if scored else ["blind", "tie", "note_band", "note_gap"]
        gone += [] if way.final_quotes else ["rounds", "silence"]
        gone += [] if "C08" in known else ["low_mean", "low_second", "low_ceiling"]
        gone += [] if "C09" in known else ["reserved", "deduction", "partial_deduction"]
        gone += [] if tender.is_statutory else ["complex", "influential"]
        for name in gone:
            del self.fields[name]
        usual = {}
        if "C09" in known:
            usual |= {"deduction": judging_bounds.ratio_bounds(known.get("C09"))[0], "partial_deduction": judging_bounds.ratio_bounds(known.get("C09"), consortium=True)[0]}
        if "C08" in known:
            usual |= {f"low_{reason}": value for reason, value in judging_bounds.low_shares(known.get("C08")).items()}
        for name, value in usual.items():
            self.fields[name].widget.attrs["placeholder"] = str(value)
