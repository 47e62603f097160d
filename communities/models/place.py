"""Where services happen: district → street → community → grid."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Place(models.Model):
    """A node of the place tree. `path` is the ids from the root, "/1/4/9/", so that a subtree is one prefix."""

    DISTRICT, STREET, COMMUNITY, GRID = "district", "street", "community", "grid"
    KINDS = [(DISTRICT, _("district")), (STREET, _("street or town")), (COMMUNITY, pgettext_lazy("place", "community")), (GRID, _("grid"))]
    kind = models.CharField(_("kind"), max_length=12, choices=KINDS)
    name = models.CharField(_("name"), max_length=60)
    code = models.CharField(_("division code"), max_length=12, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("belongs to"))
    path = models.CharField(max_length=120, db_index=True, editable=False, default="")
    sort_key = models.CharField(_("pinyin"), max_length=120, blank=True)
    population = models.PositiveIntegerField(_("residents"), null=True, blank=True)
    closed_on = models.DateField(_("closed on"), null=True, blank=True)

    class Meta:
        ordering = ["sort_key", "id"]
        verbose_name = _("place")
        constraints = [models.UniqueConstraint(fields=["parent", "name"], name="place_name_once_per_parent")]

    def __str__(self):
        return self.name


class PlaceName(models.Model):
    """A name a place bore from one day to another; papers print the name valid on their day."""

    place = models.ForeignKey(Place, models.PROTECT, related_name="names")
    name = models.CharField(max_length=60)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["valid_from"]

    def __str__(self):
        return self.name


class PlaceSuccessor(models.Model):
    """A merge or split: which place took over from which, from which day."""

    place = models.ForeignKey(Place, models.PROTECT, related_name="successors")
    successor = models.ForeignKey(Place, models.PROTECT, related_name="predecessors")
    since = models.DateField()

    def __str__(self):
        return f"{self.place} → {self.successor}"


class Purchaser(models.Model):
    """采购人: a government unit that buys and pays. A place is only where the service happens."""

    STREET, DEPARTMENT, DISTRICT_BODY = "street", "department", "district_body"
    KINDS = [(STREET, _("street office")), (DEPARTMENT, _("department")), (DISTRICT_BODY, _("district body"))]
    kind = models.CharField(_("kind"), max_length=16, choices=KINDS)
    name = models.CharField(_("name"), max_length=80, unique=True)
    credit_code = models.CharField(_("credit code"), max_length=18, blank=True)
    place = models.ForeignKey(Place, models.PROTECT, related_name="purchasers", verbose_name=_("area"))
    address = models.CharField(_("address"), max_length=120, blank=True)
    phone = models.CharField(_("telephone"), max_length=30, blank=True)
    community_weight = models.PositiveSmallIntegerField(_("weight of the community's opinion (%)"), default=50)

    class Meta:
        ordering = ["id"]
        verbose_name = _("purchaser")

    def __str__(self):
        return self.name
