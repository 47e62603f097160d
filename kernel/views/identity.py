"""What a person states of itself for the matching of ties: its own page, masked, removed at any time."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from kernel import identities, masks
from kernel.cleaning import CleanForm
from kernel.forms import ask_and_do
from kernel.models import PersonIdentity


class IdentityForm(CleanForm):
    """What a person states of itself; one of the two is enough."""

    id_number = forms.CharField(label=_("identity card number"), max_length=18, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    phone = forms.CharField(label=_("telephone"), max_length=20, required=False, widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}))


@login_required
@never_cache
@sensitive_post_parameters("id_number", "phone")
def identity_page(request):
    row = PersonIdentity.objects.filter(user=request.user).select_related("subject_key").first()
    if request.method == "POST" and request.POST.get("forget"):
        identities.forget(request.user)
        messages.success(request, _("What you stated is destroyed."))
        return redirect("identity_page")
    stated = row and {"id": masks.mask_id(row.id_number), "phone": masks.mask_phone(row.phone), "at": row.stated_at}
    return ask_and_do(
        request, IdentityForm(request.POST or None), lambda data: identities.state(request.user, **data), to="identity_page", said=_("Kept encrypted."), cancel=reverse("preferences"),
        title=_("Recognised for stepping aside"), rules=["H01", "H02", "H03"], submit=_("Keep it"), template="kernel/identity.html", stated=stated,
        intro=_("Voluntary. It is kept encrypted and compared with what suppliers stated; nobody reads it, you see it masked, and you can destroy it here at any time."),
    )  # fmt: skip
