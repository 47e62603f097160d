"""What the frame of every page shows: navigation, unread notices, the people one stands in for, the clock."""

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from kernel import about, clock, registry
from kernel.lifecycle import principals_of

GROUPS = {
    "work": _("My work"),
    "communities": _("Communities and needs"),
    "buying": _("Buying"),
    "delivery": _("Contracts and delivery"),
    "providers": _("Providers"),
    "judging": _("Review and audit"),
    "money": _("Funds and payments"),
    "reports": _("Reports and openness"),
    "settings": _("Settings"),
}


class Shell:
    """Asked lazily by the templates: a page fragment that shows no frame costs nothing."""

    def __init__(self, request):
        self.request = request
        self.user = getattr(request, "user", None)
        self.demo = settings.DEMO

    @cached_property
    def known(self):
        return bool(self.user and self.user.is_authenticated)

    @property
    def now(self):
        return clock.now()

    @property
    def today(self):
        return clock.today()

    @property
    def desk_path(self):
        return reverse("desk")

    @cached_property
    def unread(self):
        """Unread notices; "99+" beyond that, so that the count stays cheap."""
        if not self.known:
            return 0
        count = about.of(self.user, "unread")
        return "99+" if count > 99 else count

    @cached_property
    def principals(self):
        return principals_of(self.user)[1:] if self.known else []

    def _entry(self, item):
        try:
            url = reverse(item.url_name)
        except NoReverseMatch:
            return None
        path = self.request.path
        return {"label": item.label, "url": url, "current": path == url or (url != "/" and path.startswith(url))}

    def _entries(self, items):
        return [entry for item in items if (entry := self._entry(item))]

    @cached_property
    def nav(self):
        """Groups in the order of the line of work; the public group belongs to the public pages."""
        if not self.known:
            return []
        order = list(GROUPS)
        groups = [(key, self._entries(items)) for key, items in registry.nav_items(self.user) if key != "public"]
        groups.sort(key=lambda pair: order.index(pair[0]) if pair[0] in order else len(order))
        return [{"label": GROUPS.get(key, key), "items": items} for key, items in groups if items]

    @cached_property
    def public_nav(self):
        """Entries of the group "public", for everybody."""
        return self._entries(registry.public_items())


def shell(request):
    """Context processor: `shell` in every template."""
    return {"shell": Shell(request)}
