"""What the price library announces: its files, its navigation entry, its hits in the search."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import files, registry
from kernel.registry import Hit, NavItem, Panel
from procurement.lifecycle import price, price_check  # noqa: F401 (registers the life)
from procurement.models import PriceEntry
from procurement.permissions_price import may_read_prices

files.register_access(PriceEntry, files.by_sight(PriceEntry))
registry.nav(NavItem("buying", _("Prices"), "price_list", may_read_prices, order=15))


@registry.search
def find(user, text):
    if may_read_prices(user):
        for row in PriceEntry.objects.visible_to(user).filter(status="in_use", item__name__icontains=text).select_related("item", "place")[:4]:
            yield Hit(pgettext_lazy("search", "price"), str(row), row.get_absolute_url(), f"{row.place} · {row.priced_on} · {row.get_source_display()}")


def comparison(project, user):
    """On the project's page: the way to the comparison of its unit prices with the library, once there is a budget."""
    return Panel(_("Price evidence"), "procurement/panel_prices.html", {"project": project}, order=5) if project.budget_total else None


registry.panel("project", comparison)
