"""日历订阅: the page with the address, and the address itself."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from kernel import feeds, ical, throttle
from kernel.models.feed import CalendarFeed

READS, WRONG = "60/h", "20/h"  # reads of one address; wrong addresses from one place


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def feed_page(request):
    """Make, renew or stop my address. The whole address is shown once, in the answer to the click that made it."""
    address = ""
    if request.method == "POST":
        if request.POST.get("stop"):
            feeds.stop(request.user)
            messages.success(request, _("The calendar address is stopped."))
            return redirect("feed_page")
        if request.POST.get("make"):
            _feed, token = feeds.make(request.user)
            address = request.build_absolute_uri(f"{reverse('feed')}?k={token}")
    feed = CalendarFeed.objects.filter(user=request.user, token_hash__isnull=False).first()
    response = render(request, "kernel/feed.html", {"feed": feed, "address": address, "webcal": "webcal" + address[address.index(":") :] if address else ""}, status=422 if request.method == "POST" and not address else 200)
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def feed(request):
    """The calendar behind a secret address; a wrong, stopped or disabled one is simply not there."""
    found = feeds.find(request.GET.get("k", ""))
    limit, seconds = throttle.rate_of("feed", READS) if found else throttle.rate_of("feed_wrong", WRONG)
    who = ("feed", found.token_hash, limit) if found else ("address", throttle.address(request), 5 * limit)
    if throttle.over("feed", who[0], who[1], who[2], seconds):
        return HttpResponse(_("Please wait and try again later."), status=429, content_type="text/plain; charset=utf-8", headers={"Retry-After": str(seconds)})
    if found is None:
        raise Http404
    headers = {"Content-Disposition": 'inline; filename="diandan.ics"', "Cache-Control": "private, no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}
    return HttpResponse(feeds.render(found), content_type=ical.TYPE, headers=headers)
