"""My desk 我的待办, notices, search and preferences: the pages everybody has."""

import datetime

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kernel import clock, notices, registry
from kernel.cleaning import CleanModelForm
from kernel.forms import render_form
from kernel.lifecycle import principals_of
from kernel.listing import ChoiceFilter, Column, render_list
from kernel.models import Notice, User
from kernel.templatetags.diandan import is_overdue, task_group
from kernel.twofactor import is_reminded


@login_required
@require_safe
def desk(request):
    """What waits for me and for the people I stand in for, in groups: overdue first, then by due date, then by age."""
    entries = []
    for person in principals_of(request.user):
        standing_for = None if person == request.user else person
        entries += [{"task": task, "due": task.due_at, "overdue": is_overdue(task.due_at), "for": standing_for} for task in registry.tasks_for(person)]
    last = clock.now() + datetime.timedelta(days=36500)
    entries.sort(key=lambda entry: (entry["due"] or last, str(entry["task"].since or "")))
    groups = {}
    for entry in entries:
        groups.setdefault(str(task_group(entry["task"].kind)), []).append(entry)
    return render(
        request,
        "kernel/desk.html",
        {
            "groups": list(groups.items()),
            "count": len(entries),
            "overdue": sum(entry["overdue"] for entry in entries),
            "second_factor_missing": is_reminded(request),
        },
    )


@login_required
def notice_list(request):
    """Everything the platform told me, newest first; looking does not mark it read."""
    unread = ChoiceFilter("state", _("State"), [("unread", _("unread")), ("read", _("read"))], apply=lambda rows, value: rows.filter(read_at__isnull=value == "unread"))
    return render_list(
        request,
        Notice.objects.filter(user=request.user),
        title=_("Notices"),
        columns=[
            Column("kind", _("Message"), value=notices.text_of, link=lambda row: f"/notices/{row.pk}/", sort=False),
            Column("created_at", _("When"), kind="datetime"),
            Column("due", _("Due"), kind="datetime"),
            Column("read_at", _("Read"), kind="datetime"),
        ],
        filters=[unread],
        default_sort=("-created_at",),
        export_name=_("Notices"),
        empty_text=_("No notices yet."),
        template="kernel/notices.html",
    )


@login_required
@require_safe
def notice(request, pk):
    """Open one notice: mark it read and go to what it is about. Somebody else's is 404."""
    row = get_object_or_404(Notice, pk=pk, user=request.user)
    Notice.objects.filter(pk=row.pk, read_at=None).update(read_at=clock.now())
    safe = url_has_allowed_host_and_scheme(row.url, allowed_hosts={request.get_host()})
    return HttpResponseRedirect(row.url) if row.url and safe else redirect("notices")


@login_required
@require_POST
def notices_read(request):
    """Mark all my notices read."""
    Notice.objects.filter(user=request.user, read_at=None).update(read_at=clock.now())
    messages.success(request, _("All notices are marked as read."))
    return redirect("notices")


@login_required
@require_safe
def search(request):
    """One box over everything this person may see, grouped by kind."""
    text = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    groups = {}
    if text:
        for hit in registry.hits_for(request.user, text):
            groups.setdefault(str(hit.kind), []).append(hit)
    return render(request, "kernel/search.html", {"site_query": text, "groups": list(groups.items()), "count": sum(map(len, groups.values()))})


class PreferencesForm(CleanModelForm):
    """Language and mail; everything else about a person is kept by the office."""

    class Meta:
        model = User
        fields = ["language", "email", "mail_on"]


def with_language(response, language):
    """Remember a language in the browser."""
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=365 * 86400, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE, httponly=True)
    return response


@login_required
def preferences(request):
    form = PreferencesForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        user = form.save()
        with translation.override(user.language):
            messages.success(request, _("Your preferences are saved."))
        return with_language(redirect("preferences"), user.language)
    return render_form(request, form, title=_("Preferences"), template="kernel/preferences.html")


@require_POST
def switch_language(request):
    """Change the words of the pages, nothing else; remembered for the signed-in person."""
    language = request.POST.get("language", "")
    address = request.POST.get("next", "")
    response = HttpResponseRedirect(address if url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()}) else "/")
    if language not in dict(settings.LANGUAGES):
        return response
    if request.user.is_authenticated:
        User.objects.filter(pk=request.user.pk).update(language=language)
    return with_language(response, language)
