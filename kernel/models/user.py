"""The person who logs in. What a person may do is decided by memberships, never by flags here."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock


class UserManager(BaseUserManager):
    def create_user(self, username, password=None, **fields):
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username, password=None, **fields):
        """A platform administrator: configures, but has no part in any procurement."""
        return self.create_user(username, password, is_platform_admin=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A login. Never deleted (actors are PROTECTed); a leaver is deactivated once no task is theirs."""

    username = models.CharField(
        _("login name"), max_length=40, unique=True, validators=[RegexValidator(r"^[\w.@-]+\Z", _("Letters, digits and . @ - _ only."))]
    )
    name = models.CharField(pgettext_lazy("person", "name"), max_length=60)
    email = models.EmailField(_("email"), blank=True)
    title = models.CharField(_("job title"), max_length=60, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    is_platform_admin = models.BooleanField(_("platform administrator"), default=False)
    is_demo = models.BooleanField(default=False)
    language = models.CharField(_("language"), max_length=10, default="zh-hans", choices=[("zh-hans", "简体中文"), ("en", "English")])
    mail_on = models.BooleanField(_("send me mail"), default=True)
    date_joined = models.DateTimeField(default=clock.now, editable=False)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["name"]
    objects = UserManager()

    class Meta:
        ordering = ["username"]
        verbose_name = _("user")

    def __str__(self):
        return self.name or self.username

    @property
    def is_staff(self):
        return False

    def get_full_name(self):
        return self.name

    def get_short_name(self):
        return self.name


class StandIn(models.Model):
    """代办: `deputy` acts for `principal` between two dates; the trail says "deputy for principal", conflict rules test both."""

    principal = models.ForeignKey(User, models.PROTECT, related_name="deputies", verbose_name=_("principal"))
    deputy = models.ForeignKey(User, models.PROTECT, related_name="standing_in", verbose_name=_("stand-in"))
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"))
    scope = models.CharField(_("scope"), max_length=40, blank=True, help_text=_("Role this covers; empty: all roles of the principal."))
    reason = models.CharField(_("reason"), max_length=200)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-starts_on"]
        verbose_name = _("stand-in")
        constraints = [
            models.CheckConstraint(condition=models.Q(ends_on__gte=models.F("starts_on")), name="standin_dates_in_order"),
            models.CheckConstraint(condition=~models.Q(principal=models.F("deputy")), name="standin_two_people"),
        ]

    def __str__(self):
        return f"{self.deputy} → {self.principal}"
