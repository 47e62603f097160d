"""Guidance catalogue 指导性目录 and the government procurement item list 品目: two code systems, each with its date."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class Catalogue(models.Model):
    """One edition of a catalogue, with its source."""

    KINDS = [("guidance", _("guidance catalogue")), ("items", _("government procurement items"))]
    kind = models.CharField(_("kind"), max_length=10, choices=KINDS)
    name = models.CharField(_("name"), max_length=80, unique=True)
    source = models.CharField(_("source"), max_length=200)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)

    def __str__(self):
        return self.name


class CatalogueItem(models.Model):
    """What may be bought: content, requirement, standard."""

    catalogue = models.ForeignKey(Catalogue, models.PROTECT, related_name="items", verbose_name=_("catalogue"))
    code = models.CharField(_("code"), max_length=20)
    name = models.CharField(_("name"), max_length=120)
    sort_key = models.CharField(max_length=240, blank=True, editable=False)
    level = models.PositiveSmallIntegerField(_("level"), default=1)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("belongs to"))
    category = models.CharField(_("class"), max_length=40, blank=True)
    place_scope = models.CharField(_("where"), max_length=40, blank=True)
    content = models.TextField(_("content"), max_length=2000, blank=True)
    requirement = models.TextField(_("requirement"), max_length=2000, blank=True)
    standard = models.TextField(_("standard"), max_length=2000, blank=True)
    nature = models.CharField(
        _("nature"), max_length=8, default="service", choices=[("service", _("service")), ("goods", _("goods")), ("works", _("works"))]
    )

    class Meta:
        ordering = ["catalogue_id", "code"]
        constraints = [models.UniqueConstraint(fields=["catalogue", "code"], name="catalogue_code_once")]

    def __str__(self):
        return f"{self.code} {self.name}"

    def get_absolute_url(self):
        return reverse("catalogue_item", args=[self.pk])
