"""What steps after the award ask."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import filetypes
from kernel.forms import StepForm
from kernel.upload import UploadField
from procurement.models import AwardFall


class FactsForm(StepForm):
    """Facts and proof of an award that falls."""

    proof = UploadField(label=_("Proof, scanned"), required=False, kinds=filetypes.SCANS)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = pgettext_lazy("award fall", "Facts")
        self.fields["proof"].required = self.subject.tender.is_statutory


class DeclineForm(FactsForm):
    justified = forms.BooleanField(label=_("The winner has a good reason (force majeure or the purchaser's own doing): its bond goes back"), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.order_fields(["happened_on", "reason", "proof", "justified"])


class RevokeForm(FactsForm):
    ground = forms.ChoiceField(label=_("Ground"), choices=AwardFall.GROUNDS, widget=forms.RadioSelect)
    document = forms.CharField(label=_("Decision or finding it rests on"), max_length=80, help_text=_("Number of the finance bureau's decision, the court's judgement or the written finding."))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.order_fields(["ground", "document", "happened_on", "reason", "proof"])


class FallReportForm(StepForm):
    number = forms.CharField(label=_("Number of the report"), max_length=60)
    paper = UploadField(label=_("The stamped report, scanned"), required=False, kinds=filetypes.SCANS)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.order_fields(["number", "happened_on", "paper", "reason"])
