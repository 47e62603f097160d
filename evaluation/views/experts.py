"""The expert pool."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils.translation import gettext as _

from communities.permissions import has_role
from evaluation.forms.panel import ExpertForm
from evaluation.lifecycle.expert import POOL_KEEPERS, enter_expert
from evaluation.models import Expert
from kernel.forms import ask_and_do
from kernel.listing import Column, render_list


@login_required
def expert_list(request):
    rows = Expert.objects.visible_to(request.user).select_related("user")
    links = [(_("New expert"), reverse("expert_create"))] if has_role(request.user, *POOL_KEEPERS) else []
    return render_list(
        request, rows, title=_("Experts"),
        columns=[Column("user__name", _("Person")), Column("specialities", _("specialities")), Column("legal", _("expert in law"), kind="bool"), Column("employer", _("employer")), Column("active", _("active"), kind="bool")],
        search=("user__name", "specialities", "employer"), default_sort="user__name", links=links, export_name="评审专家", empty_text=_("No expert yet."),
    )  # fmt: skip


@login_required
def expert_create(request):
    if not has_role(request.user, *POOL_KEEPERS):
        raise PermissionDenied
    form = ExpertForm(request.POST or None)
    return ask_and_do(
        request, form, lambda data: enter_expert(data.pop("user"), actor=request.user, **data), to="expert_list",
        title=_("New expert"), rules=["C14", "H02"], intro=_("Employers of the last three years, shares and relatives' posts are matched with the bidders before each evaluation."),
    )  # fmt: skip
