"""One published announcement, for everybody, without login and without JavaScript; as page, PDF and Word. And those filled in by hand."""

from urllib.parse import quote

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kernel import word
from kernel.forms import refused, render_form
from kernel.lifecycle import Refusal
from procurement import notice_papers, notices
from procurement.forms.notice import HandForm
from procurement.lifecycle import hand_notice
from procurement.models import Announcement


def _row(request, number):
    rows = Announcement.objects.visible_to(request.user).select_related("tender__purchaser", "contract", "place", "corrects", "intention")
    return get_object_or_404(rows, number=number)


@require_safe
def announcement(request, number):
    """The text exactly as published; our own autoescaped template made it."""
    row = _row(request, number)
    related = Announcement.objects.public().filter(tender=row.tender_id).exclude(pk=row.pk) if row.tender_id else []
    corrections = Announcement.objects.public().filter(corrects=row)
    return render(request, "procurement/announcement.html", {"row": row, "body": mark_safe(row.body), "related": related, "corrections": corrections})  # noqa: S308


def download(content, content_type, name):
    """A file answer with a name people can read."""
    response = HttpResponse(content, content_type=content_type)
    plain = name.encode("ascii", "ignore").decode() or "file"
    response["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
    return response


@require_safe
def announcement_pdf(request, number):
    row = _row(request, number)
    try:
        return download(notice_papers.announcement_pdf(row), "application/pdf", f"{row.number}.pdf")
    except Refusal as refusal:
        return HttpResponse(str(refusal), status=503, content_type="text/plain; charset=utf-8")


@require_safe
def announcement_docx(request, number):
    row = _row(request, number)
    return download(notice_papers.announcement_docx(row), word.CONTENT_TYPE, f"{row.number}.docx")


@login_required
@require_safe
def hand_list(request):
    """The forms this person may fill in by hand, and what was published so."""
    units = hand_notice.units_of(request.user)
    forms = [form for form in notices.BY_HAND.values() if units[form.by]]
    if not forms:
        raise PermissionDenied
    rows = Announcement.objects.filter(Q(form__in=[form.code for form in forms]), published_by=request.user)[:50]
    return render(request, "procurement/hand_list.html", {"forms": forms, "rows": rows})


@login_required
def hand_new(request, code):
    """Fill in one of the forms no step of this platform makes; it is shown as it will be read before it is published."""
    form_of = notices.BY_HAND.get(code)
    if form_of is None:
        raise Http404
    units = hand_notice.units_of(request.user)[form_of.by]
    if not units:
        raise PermissionDenied
    form = HandForm(request.POST or None, form=form_of, units=units)
    shown = None
    if request.method == "POST" and form.is_valid():
        try:
            unit, said = form.cleaned_data["unit"], form.said()
            if "publish" in request.POST:
                row = hand_notice.publish(form_of, unit, said, actor=request.user)
                messages.success(request, _("Published: everybody can read it now."))
                return redirect(row)
            shown = mark_safe(hand_notice.preview(form_of, unit, said))  # noqa: S308
        except Refusal as refusal:
            refused(form, refusal)
    return render_form(
        request, form, title=form_of.name, intro=_("Look at it as it will be read, then publish. What is published is not edited: a mistake is corrected by a further announcement."),
        submit=_("Look at it"), cancel=reverse("hand_forms"), draft=f"notice-{code}", template="procurement/hand_form.html", shown=shown, article=notices.ARTICLE,
    )  # fmt: skip
