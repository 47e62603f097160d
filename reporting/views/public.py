"""Public pages: no login, no JavaScript."""

from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from communities.models import Place
from kernel.listing import CappedPaginator, page_of
from procurement import notices
from reporting import public

PAGE = 20


def paged(request, rows):
    return CappedPaginator(rows, PAGE).get_page(request.GET.get("page"))


@require_safe
def home(request):
    words = request.GET.get("q", "").replace("\x00", "").strip()[:40]
    places = public.communities().annotate(need_count=public.need_count())
    if words:
        places = places.filter(name__icontains=words)
    latest, needs = page_of(public.announcements(), 0, 6), page_of(public.needs(), 0, 6)
    return render(request, "public/home.html", {"places": list(places[:300]), "words": words, "latest": latest, "needs": needs})


@require_safe
def public_community(request, pk):
    place = get_object_or_404(Place, pk=pk, kind=Place.COMMUNITY)
    return render(
        request,
        "public/community.html",
        {
            "place": place,
            "needs": public.needs(place)[:50],
            "announcements": public.announcements(place)[:30],
            "contracts": public.contracts(place)[:50],
            "money": public.money_of(place),
        },
    )


@require_safe
def public_needs(request):
    return render(request, "public/needs.html", {"page": paged(request, public.needs())})


NOTICES = ("notice", "correction", "termination", "single", "prequal", "intention")
RESULTS = ("result", "contract", "acceptance", "complaint", "inspection", "assessment")


def _announced(request, heading, kinds):
    """A list of announcements, narrowed to one official form by ?form=."""
    forms = [form for form in notices.FORMS.values() if form.kind in kinds]
    chosen = next((form for form in forms if form.code == request.GET.get("form")), None)
    page = paged(request, public.announcements(kinds=kinds, form=chosen.code if chosen else ""))
    return render(request, "public/announcements.html", {"heading": heading, "page": page, "forms": forms, "chosen": chosen, "query": f"form={chosen.code}" if chosen else ""})


@require_safe
def public_notices(request):
    return _announced(request, _("Procurement notices"), NOTICES)


@require_safe
def public_results(request):
    return _announced(request, _("Results and contracts"), RESULTS)


@require_safe
def public_contracts(request):
    return render(request, "public/contracts.html", {"page": paged(request, public.contracts())})
