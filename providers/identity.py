"""Who an organization says it is: the credit code (GB 32100) or a natural person's identity card number (GB 11643), checked before they are kept."""

from django.utils.translation import gettext_lazy as _
from stdnum.cn import uscc
from stdnum.exceptions import ValidationError as BadNumber

from kernel import crypto
from kernel.identities import card
from kernel.lifecycle import Refusal
from providers.kinds import PREFIXES, WITHOUT_CODE
from providers.models import Organization


def check_code(kind, code, *, organization=None):
    """The credit code in its compact form. Raises Refusal for a wrong check sign, one already registered, or one where none belongs."""
    code = (code or "").strip().upper()
    if kind in WITHOUT_CODE:
        if code:
            raise Refusal("code_strange", _("This kind of provider has no credit code."), field="credit_code")
        return None
    if not code:
        return None
    try:
        code = uscc.validate(code)
    except BadNumber as error:
        raise Refusal(
            "code_wrong",
            _("This is no valid unified social credit code: a sign is wrong or missing."),
            article="GB 32100-2015",
            todo=_("Compare it with the licence, sign by sign."),
            field="credit_code",
        ) from error
    if Organization.objects.filter(credit_code=code).exclude(pk=getattr(organization, "pk", None)).exists():
        raise Refusal("code_taken", _("An organization with this code is registered already."), todo=_("Ask its manager to invite you."), field="credit_code")
    return code


def code_warning(kind, code):
    """A sentence when the code's first two signs are unusual for the kind, else ''. Only a warning: old codes and new kinds exist."""
    usual = PREFIXES.get(kind, ())
    if not code or not usual or code[:2] in usual:
        return ""
    return _("Codes of this kind usually begin with {usual}, this one with {found}. Please check the kind.").format(usual=" / ".join(usual), found=code[:2])


def check_identity(kind, number, *, organization=None):
    """A natural person's identity card number, checked; '' for all other kinds. Raises Refusal."""
    if kind != "person" or not (number := card(number, "id_number")):
        return ""
    if Organization.objects.filter(id_index=crypto.blind_index("id", number)).exclude(pk=getattr(organization, "pk", None)).exists():
        raise Refusal("id_taken", _("This person is registered already."), field="id_number")
    return number
