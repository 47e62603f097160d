"""评审办法: how a purchase says it will be judged, beside its scoring items; written in the draft, fixed when it publishes."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from kernel import clock
from kernel.money import MoneyField


class EvaluationTerms(models.Model):
    """The rules of judging one purchase. A percent left empty is the law's usual figure for that purchase."""

    TIES = [("draw", _("a draw")), ("technical", _("the better judged one"))]
    SILENCE = [("keep", _("the last price counts")), ("out", _("the supplier has withdrawn"))]
    tender = models.OneToOneField("procurement.Tender", models.CASCADE, related_name="evaluation_terms")
    complex = models.BooleanField(_("technically complex or highly specialised"), default=False)
    influential = models.BooleanField(_("of great social influence"), default=False)
    blind = models.BooleanField(_("the technical part is judged blind"), default=False, help_text=_("Members see supplier A, B, C until they have handed in the part judged by opinion."))
    reserved = models.BooleanField(_("reserved for small and medium enterprises"), default=False, help_text=_("Then there is no price deduction."))
    deduction = models.DecimalField(_("deduction for small and micro enterprises (%)"), max_digits=4, decimal_places=2, null=True, blank=True)
    partial_deduction = models.DecimalField(_("deduction for a consortium or subcontract (%)"), max_digits=4, decimal_places=2, null=True, blank=True)
    low_mean = models.DecimalField(_("low price: share of the mean (%)"), max_digits=4, decimal_places=2, null=True, blank=True)
    low_second = models.DecimalField(_("low price: share of the second lowest (%)"), max_digits=4, decimal_places=2, null=True, blank=True)
    low_ceiling = models.DecimalField(_("low price: share of the ceiling (%)"), max_digits=4, decimal_places=2, null=True, blank=True)
    rounds = models.PositiveSmallIntegerField(_("rounds of final quotes"), default=1)
    silence = models.CharField(_("who gives no quote in a round"), max_length=6, choices=SILENCE, default="keep")
    tie = models.CharField(_("equal score and equal quote"), max_length=10, choices=TIES, default="draw")
    note_band = models.PositiveSmallIntegerField(_("a score in the outermost … percent needs a note"), default=10)
    note_gap = models.PositiveSmallIntegerField(_("a score … percent away from the other members needs a note"), default=30)
    essentials = models.TextField(_("substantive requirements, one a line"), max_length=4000, blank=True, help_text=_("Each is checked for each response; who fails one is out."))

    class Meta:
        verbose_name = _("rules of judging")
        constraints = [models.CheckConstraint(condition=models.Q(rounds__gte=1), name="terms_a_round")]

    def __str__(self):
        return str(self.tender)

    def trail_chain(self):
        return f"tender-{self.tender_id}"

    @property
    def raised(self):
        """The low-price shares the documents raised: {reason: percent}."""
        return {reason: value for reason, value in (("mean", self.low_mean), ("second", self.low_second), ("ceiling", self.low_ceiling)) if value is not None}

    @property
    def essential_list(self):
        return [line.strip() for line in self.essentials.splitlines() if line.strip()]


class QuoteRound(models.Model):
    """One round of final quotes with its own deadline; what is given in it stays sealed until then."""

    tender = models.ForeignKey("procurement.Tender", models.PROTECT, related_name="quote_rounds")
    number = models.PositiveSmallIntegerField()
    until = models.DateTimeField()
    last = models.BooleanField(default=True)
    called_at = models.DateTimeField(default=clock.now)
    called_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["tender", "number"], name="quote_round_once")]

    def __str__(self):
        return f"{self.tender_id} {self.number}"

    @property
    def key(self):
        """The name of the sealed part in which a bid's quote of this round lies."""
        return f"final-{self.number}"


class RoundQuote(models.Model):
    """What one bid said in one round (yuan), known once the round is read; None: it gave none."""

    round = models.ForeignKey(QuoteRound, models.PROTECT, related_name="quotes")
    bid = models.ForeignKey("procurement.Bid", models.PROTECT, related_name="round_quotes")
    price = MoneyField(null=True, default=None)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["round", "bid"], name="round_quote_once")]

    def __str__(self):
        return f"{self.round_id}/{self.bid_id}"
