"""Looking at personal data, and who looked: everybody their own looks, the platform administrator all."""

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kernel import access
from kernel.forms import PurposeForm, refused, render_form
from kernel.lifecycle import Refusal
from kernel.listing import Column, DateFilter, render_list
from kernel.models import AccessLog


@never_cache
def reveal(request, subject, field, *, title, shown):
    """Ask what personal data is needed for (page `title`), then show it in plain (page `shown`); the look goes to the access log. Who may look asks the caller."""
    form, plain = PurposeForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        try:
            plain = access.reveal(subject, field, request.user, form.cleaned_data["purpose"])
        except Refusal as refusal:
            refused(form, refusal)
    if plain:
        return render(request, "kernel/revealed.html", {"subject": subject, "heading": shown, "plain": plain})
    return render_form(request, form, title=title, submit=_("Show"), cancel=subject.get_absolute_url())


def _field_label(row):
    """The field's own name on its model, so that the log reads like the page it was looked at on."""
    model = row.subject_type.model_class()
    try:
        return model._meta.get_field(row.field).verbose_name
    except (AttributeError, LookupError):
        return row.field


def _kind(row):
    model = row.subject_type.model_class()
    return f"{model._meta.verbose_name if model else row.subject_type.model} {row.subject_id}"


@require_safe
@login_required
def access_log(request):
    """Ids and field names only: the log of looks shows nobody's data a second time."""
    return render_list(
        request,
        AccessLog.objects.visible_to(request.user).select_related("who", "subject_type"),
        title=_("Looks at personal data"),
        columns=[
            Column("at", pgettext_lazy("access log", "when"), kind="datetime"),
            Column("who__name", _("who looked")),
            Column("subject", pgettext_lazy("access log", "whose"), value=_kind, sort=False),
            Column("field", pgettext_lazy("access log", "field"), value=_field_label),
            Column("purpose", pgettext_lazy("access log", "purpose")),
        ],
        search=("who__name", "purpose"),
        filters=[DateFilter("at", pgettext_lazy("access log", "when"), field="at")],
        default_sort="-at",
        export_name="个人信息查看记录",
        empty_text=_("Nobody has looked at personal data yet."),
    )
