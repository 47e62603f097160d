"""What everybody may read: published needs, announcements, signed contracts and their money. Nothing sealed is ever mentioned."""

from django.db.models import Count, OuterRef, Q, Sum
from django.db.models.functions import Coalesce

from communities.models import Need, Place
from kernel.about import Capped
from kernel.money import MoneyField
from procurement.models import Announcement, Contract, Intention, Lot, PaymentRequest
from reporting.figures import SIGNED

PUBLIC_NEEDS = Q(status="published")


def need_count():
    """Published needs of each place, counted to a hundred."""
    return Capped(Need.objects.filter(PUBLIC_NEEDS, place=OuterRef("pk")).order_by().values("pk")[:100])


def communities():
    """Open communities by street."""
    return (
        Place.objects.filter(kind=Place.COMMUNITY, closed_on=None)
        .select_related("parent")
        .order_by("parent__sort_key", "parent_id", "sort_key", "id")
    )


def needs(place=None):
    rows = Need.objects.filter(PUBLIC_NEEDS).select_related("place").order_by("-published_at", "-id")
    return rows.filter(place__path__startswith=place.path) if place else rows


def announcements(place=None, kinds=(), form=""):
    """Published announcements, newest first; of these kinds, or of one official form."""
    rows = Announcement.objects.filter(public__in=[True]).only("number", "title", "kind", "form", "published_at")  # a bare boolean uses no index on SQLite
    if form:
        rows = rows.filter(form=form)
    elif kinds:
        rows = rows.filter(kind__in=kinds)
    if place:
        lots, signed = Lot.objects.filter(project__place=place).order_by(), Contract.objects.filter(project__place=place).order_by()
        intended = Intention.objects.filter(project__place=place).order_by()
        led_to = {"tender__in": lots.values("tender"), "lot__in": lots.values("pk"), "contract__in": signed.values("pk"), "intention__in": intended.values("pk")}
        here = Q(pk__in=[])  # each way by its own index
        for way, found in led_to.items():
            here |= Q(pk__in=Announcement.objects.filter(**{way: found}).order_by().values("pk"))
        rows = rows.filter(here)
    return rows.order_by("-published_at", "-id")


def announcements_of_need(need):
    """Announcements of the purchases and contracts that a need led to, newest first."""
    led_to = Q(tender__lots__project__needs=need) | Q(lot__project__needs=need) | Q(contract__project__needs=need) | Q(intention__project__needs=need)
    return announcements().filter(led_to).distinct()


def contracts(place=None):
    """Signed contracts whose notice is published (条例50条); amounts and what is paid so far in yuan."""
    rows = Contract.objects.filter(SIGNED, notice_published_on__isnull=False).select_related("project__place", "organization", "purchaser")
    return (rows.filter(project__place=place) if place else rows).order_by("-signed_on", "-id")


def money_of(place):
    """What a community's published contracts are worth and what is paid (yuan)."""
    rows = contracts(place)
    totals = rows.order_by().aggregate(
        count=Count("pk"), amount=Coalesce(Sum("amount"), 0, output_field=MoneyField()), addons=Coalesce(Sum("addons"), 0, output_field=MoneyField())
    )
    paid = PaymentRequest.objects.filter(status="paid", stage__contract__in=rows.order_by()).aggregate(paid=Coalesce(Sum("amount"), 0, output_field=MoneyField()))
    return {"count": totals["count"], "amount": totals["amount"] + totals["addons"], "paid": paid["paid"]}
