"""Who looked at personal data: everybody their own looks, the platform administrator all."""

from django.contrib.auth.decorators import login_required
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_safe

from kernel.listing import Column, DateFilter, render_list
from kernel.models import AccessLog


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
