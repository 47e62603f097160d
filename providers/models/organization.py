"""承接主体: who does the work."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock
from kernel.encryption import BlindIndexField, EncryptedField, EncryptedRow
from kernel.models.living import Living


class OrganizationQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Government staff see the registry (drafts stay with their organization); members see their own and the groups it supports."""
        from providers.permissions import organization_scope

        return self.filter(organization_scope(user))

    def verified(self):
        return self.filter(status="verified")


class Organization(EncryptedRow, Living):
    """A provider that registers itself and is verified by a street. A community group 备案 acts through its supporting organization."""

    KINDS = [
        ("social_group", _("social association")),
        ("service_agency", _("social service agency")),
        ("foundation", _("foundation")),
        ("company", _("company")),
        ("individual_business", _("individual business")),
        ("public_institution", _("public institution")),
        ("village_collective", _("village collective")),
        ("residents_committee", _("residents' committee")),
        ("person", _("natural person")),
        ("community_group", _("community group on record")),
    ]
    kind = models.CharField(_("kind"), max_length=24, choices=KINDS)
    name = models.CharField(_("registered name"), max_length=80)
    sort_key = models.CharField(_("pinyin"), max_length=160, blank=True, editable=False)
    credit_code = models.CharField(_("unified social credit code"), max_length=18, unique=True, null=True, blank=True)
    supporter = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="groups", verbose_name=_("supporting organization"))
    place = models.ForeignKey("communities.Place", models.PROTECT, null=True, blank=True, related_name="organizations", verbose_name=_("area"))
    legal_representative = models.CharField(_("legal representative"), max_length=40, blank=True)
    address = models.CharField(_("address"), max_length=120, blank=True)
    founded_on = models.DateField(_("founded on"), null=True, blank=True)
    business_scope = models.TextField(_("scope of business"), max_length=2000, blank=True)
    fields_of_work = models.CharField(_("fields of service"), max_length=200, blank=True)
    grade = models.CharField(_("grade"), max_length=2, blank=True, choices=[(g, g) for g in ("5A", "4A", "3A", "2A", "1A")])
    grade_until = models.DateField(_("grade valid until"), null=True, blank=True)
    size = models.CharField(
        _("enterprise size"), max_length=8, blank=True, choices=[("large", _("large")), ("medium", _("medium")), ("small", _("small")), ("micro", _("micro"))]
    )
    licence_until = models.DateField(_("registration certificate valid until"), null=True, blank=True)
    controllers = models.CharField(_("who holds or manages it"), max_length=200, blank=True, default="", help_text=_("Names of organizations or persons, parted by 、"))
    is_auditor = models.BooleanField(_("offers third-party supervision"), default=False)
    contact_name = models.CharField(_("contact person"), max_length=40)
    contact_phone = models.CharField(_("telephone"), max_length=20)
    id_number = EncryptedField(_("identity card number"), max_length=18, blank=True, editable=False)
    id_index = BlindIndexField(of="id_number", domain="id")
    representative_id = EncryptedField(_("legal representative's identity card number"), max_length=18, blank=True, editable=False)
    representative_index = BlindIndexField(of="representative_id", domain="id")
    verified_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, editable=False, related_name="+")
    verified_at = models.DateTimeField(null=True, editable=False)
    objects = OrganizationQuerySet.as_manager()

    class Meta:
        ordering = ["sort_key", "id"]
        verbose_name = _("organization")

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("organization_detail", args=[self.pk])

    def trail_chain(self):
        return f"organization-{self.pk}"

    def name_on(self, day):
        """The name it bore on a day; papers print that one, with 现名 beside it."""
        found = self.names.filter(valid_from__lte=day).exclude(valid_to__lt=day).order_by("-valid_from").first()
        return found.name if found else self.name


class OrganizationName(models.Model):
    """A name the organization bore from one day to another."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="names")
    name = models.CharField(max_length=80)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["valid_from"]

    def __str__(self):
        return self.name


class OrganizationMember(models.Model):
    """A person acting for an organization, from–to."""

    ROLES = [("manager", _("manager")), ("staff", _("staff")), ("worker", _("social worker"))]
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="members")
    user = models.ForeignKey("kernel.User", models.PROTECT, related_name="organization_memberships")
    role = models.CharField(_("role"), max_length=10, choices=ROLES)
    starts_on = models.DateField(_("from"), default=clock.today)
    ends_on = models.DateField(_("to"), null=True, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("organization's person")

    def __str__(self):
        return f"{self.user} · {self.organization}"

    def trail_chain(self):
        return f"organization-{self.organization_id}"


class MemberInvitation(models.Model):
    """A manager lets a person join: the link works once, within a week; only its hash is kept."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="invitations")
    token_hash = models.CharField(max_length=64, unique=True)
    name = models.CharField(pgettext_lazy("person", "name"), max_length=60)
    role = models.CharField(_("role"), max_length=10, choices=OrganizationMember.ROLES)
    invited_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    invited_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    accepted_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+")
    accepted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self):
        return f"{self.name} · {self.organization}"

    def trail_chain(self):
        return f"organization-{self.organization_id}"


class BankAccountQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Those of the organizations the user sees."""
        return self.filter(organization__in=Organization.objects.visible_to(user))

    def waiting(self):
        """Asked for, neither confirmed nor refused."""
        return self.filter(confirmed_at=None, refused_at=None)

    def current(self):
        """Confirmed and not replaced: where money goes."""
        return self.filter(confirmed_at__isnull=False, replaced_at=None)


class BankAccount(EncryptedRow):
    """Where money goes. Holder = the provider's name; counts only once a second person has confirmed the stamped proof."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="accounts")
    holder = models.CharField(_("account holder"), max_length=80)
    bank = models.CharField(_("bank"), max_length=80)
    number = EncryptedField(_("account number"), max_length=34, editable=False)
    number_key = BlindIndexField(of="number", domain="account")
    last_digits = models.CharField(max_length=4, editable=False)
    asked_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=clock.now)
    confirmed_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    replaced_at = models.DateTimeField(null=True)
    refused_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+")
    refused_at = models.DateTimeField(null=True)
    refused_why = models.CharField(max_length=300, blank=True)
    objects = BankAccountQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at"]
        verbose_name = _("bank account")
        constraints = [
            models.UniqueConstraint(fields=["organization"], condition=models.Q(confirmed_at__isnull=False, replaced_at=None), name="account_one_current"),
            models.UniqueConstraint(fields=["organization"], condition=models.Q(confirmed_at=None, refused_at=None), name="account_one_waiting"),
            models.CheckConstraint(condition=models.Q(confirmed_by=None) | ~models.Q(confirmed_by=models.F("asked_by")), name="account_two_people"),
        ]

    def __str__(self):
        return f"{self.bank} ****{self.last_digits}"

    def trail_chain(self):
        return f"organization-{self.organization_id}"

    @property
    def state(self):
        """waiting, refused, replaced or current."""
        if self.refused_at:
            return "refused"
        if not self.confirmed_at:
            return "waiting"
        return "replaced" if self.replaced_at else "current"


class Exclusion(models.Model):
    """A debarment (政府采购法 第77条), abnormal-activity or serious-violation listing (民政部令第60号) of a provider, with its document."""

    KINDS = [
        ("debarred", _("debarred from government procurement")),
        ("abnormal", _("on the list of abnormal activity")),
        ("untrustworthy", _("on the list of serious violations")),
    ]
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="exclusions")
    kind = models.CharField(_("kind"), max_length=16, choices=KINDS)
    document = models.CharField(_("document number"), max_length=80)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"), null=True, blank=True)
    entered_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-starts_on"]
        verbose_name = _("exclusion")

    def __str__(self):
        return f"{self.organization} · {self.get_kind_display()}"

    def trail_chain(self):
        return f"organization-{self.organization_id}"
