"""Third-party supervision: assignment, checks of activities against the plan, findings, call-backs."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from guardian.models import UserObjectPermissionBase

from kernel import clock
from kernel.models.living import Living
from kernel.money import MoneyField


class Assignment(models.Model):
    """This audit firm (and person) supervises this contract; never paid by the audited, no tie to the provider."""

    contract = models.ForeignKey("procurement.Contract", models.PROTECT, related_name="assignments")
    firm = models.ForeignKey("providers.Organization", models.PROTECT, related_name="audit_assignments", verbose_name=_("audit firm"))
    auditor = models.ForeignKey("kernel.User", models.PROTECT, related_name="audit_assignments", verbose_name=_("auditor"))
    assigned_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    assigned_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        permissions = [("audit_contract", "may audit the contract of this assignment")]
        constraints = [models.UniqueConstraint(fields=["contract"], condition=Q(ended_at__isnull=True), name="assignment_one_open")]

    def __str__(self):
        return f"{self.contract} · {self.firm}"


class AssignmentUserPermission(UserObjectPermissionBase):
    """guardian grant: this auditor on this assignment; written and revoked with it."""

    content_object = models.ForeignKey(Assignment, models.CASCADE)


class CheckQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Checks this person may see (see evaluation.permissions)."""
        from evaluation.permissions import check_scope

        return self.filter(check_scope(user))


class FindingQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Findings of the checks this person may see."""
        from evaluation.permissions import finding_scope

        return self.filter(finding_scope(user))


class Check(Living):
    """The third-party check of one payment stage's activities. `due_on` from the contract (default 10 wd); when it lapses the street decides itself."""

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="checks")
    stage = models.OneToOneField("procurement.PaymentStage", models.PROTECT, related_name="check_of")
    evidence_complete_on = models.DateField(editable=False)
    due_on = models.DateField(_("due"), editable=False)
    opinion = models.TextField(_("opinion"), max_length=3000, blank=True)
    reported_on = models.DateField(null=True, editable=False)

    objects = CheckQuerySet.as_manager()

    class Meta:
        ordering = ["due_on"]
        verbose_name = _("check")
        indexes = [models.Index(fields=["due_on", "-id"], name="check_by_day"), models.Index(fields=["status", "due_on"], name="check_late")]

    def __str__(self):
        return f"{self.assignment.contract.title} · {self.stage.name}"

    def get_absolute_url(self):
        return reverse("check_detail", args=[self.pk])

    def trail_chain(self):
        return f"project-{self.assignment.contract.project_id}"


class CheckItem(models.Model):
    """One activity compared with the plan: headcount counted, vouchers seen, evidence complete."""

    check_of = models.ForeignKey(Check, models.PROTECT, related_name="items")
    activity = models.ForeignKey("procurement.Activity", models.PROTECT, related_name="check_items")
    counted = models.PositiveIntegerField(_("people counted"), null=True, blank=True)
    vouchers_ok = models.BooleanField(_("vouchers agree"), null=True)
    evidence_ok = models.BooleanField(_("evidence complete"), null=True)
    remark = models.CharField(_("remark"), max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["check_of", "activity"], name="check_item_once")]

    def __str__(self):
        return str(self.activity)


class Finding(Living):
    """问题: withholds only the questioned amount (yuan) of a stage until cleared or upheld."""

    KINDS = [("headcount", _("fewer people than reported")), ("voucher", _("voucher does not agree")), ("evidence", _("evidence missing")), ("not_held", _("activity not held")), ("other", _("other"))]
    check_of = models.ForeignKey(Check, models.PROTECT, related_name="findings")
    activity = models.ForeignKey("procurement.Activity", models.PROTECT, null=True, blank=True, related_name="findings", verbose_name=_("activity"))
    kind = models.CharField(_("kind"), max_length=10, choices=KINDS)
    text = models.TextField(_("what was found"), max_length=2000)
    amount = MoneyField(_("questioned amount"))
    answer = models.TextField(_("rectification"), max_length=2000, blank=True)
    due_on = models.DateField(_("answer due"), null=True)

    objects = FindingQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name = _("finding")
        constraints = [models.CheckConstraint(condition=Q(amount__gte=0), name="finding_not_negative")]

    def __str__(self):
        return f"{self.get_kind_display()} {self.amount}"

    def get_absolute_url(self):
        return reverse("finding_detail", args=[self.pk])

    def trail_chain(self):
        return self.check_of.trail_chain()


class CallBack(models.Model):
    """电话回访 of one participant: reached or not, came or not."""

    check_of = models.ForeignKey(Check, models.PROTECT, related_name="call_backs")
    sign_in = models.ForeignKey("procurement.SignIn", models.PROTECT, related_name="call_backs")
    outcome = models.CharField(
        max_length=12, choices=[("pending", _("to call")), ("confirmed", _("came")), ("denied", _("did not come")), ("unreachable", _("not reached"))], default="pending"
    )
    remark = models.CharField(max_length=200, blank=True)
    called_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+")
    called_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["check_of", "sign_in"], name="call_back_once")]

    def __str__(self):
        return f"{self.check_of_id}/{self.sign_in_id}"
