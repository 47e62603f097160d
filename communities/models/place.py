"""Where services happen: district → street → community → grid."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


def district_paths(user):
    """Paths of the districts this user, or somebody they stand in for, works in."""
    from communities.permissions import reach

    rows = reach(user)
    return {"/{}/".format((row.place or row.purchaser.place).path.split("/")[1]) for row in rows}


class PlaceQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Government staff see the tree of their own district, a platform administrator every tree. The tree is no secret, others have the public pages."""
        if getattr(user, "is_platform_admin", False):
            return self.all()
        return self.filter(under(district_paths(user), "path"))

    def open(self):
        """Places not closed yet."""
        return self.filter(closed_on=None)

    def below(self, place):
        """The place and everything in it."""
        return self.filter(path__startswith=place.path)


def under(paths, field):
    """A Q of rows whose path field lies at or below one of the paths; matches nothing when there are none.

    A path over a relation (`project__place__path`) is asked of the small place tree first, so that big tables are read by key.
    """
    query = models.Q(pk__in=[])
    for path in paths:
        query |= models.Q(path__startswith=path)
    relation = field.removesuffix("path").removesuffix("__")
    if not relation:
        return query
    return models.Q(**{f"{relation}__in": Place.objects.filter(query).order_by().values("pk")}) if paths else query


class PurchaserQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Government staff see the purchasers of their own district, a platform administrator all."""
        if getattr(user, "is_platform_admin", False):
            return self.all()
        return self.filter(under(district_paths(user), "place__path"))


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
    objects = PlaceQuerySet.as_manager()

    class Meta:
        ordering = ["sort_key", "id"]
        verbose_name = _("place")
        constraints = [models.UniqueConstraint(fields=["parent", "name"], name="place_name_once_per_parent")]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("place_detail", args=[self.pk])

    def trail_chain(self):
        return f"place-{self.pk}"

    @property
    def above_ids(self):
        """Ids of the places above, from the district down."""
        return [int(part) for part in self.path.strip("/").split("/")[:-1] if part]

    def name_on(self, day):
        """The name it bore on a day (papers print the name valid on their day)."""
        found = self.names.filter(valid_from__lte=day).exclude(valid_to__lt=day).order_by("-valid_from").first()
        return found.name if found else self.name


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
    objects = PurchaserQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name = _("purchaser")

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("purchaser_detail", args=[self.pk])

    def trail_chain(self):
        return f"purchaser-{self.pk}"
