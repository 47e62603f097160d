"""Looking at personal data: with a purpose, written down, or refused with the article."""

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kernel.lifecycle import Refusal
from kernel.models.access import AccessLog

_guards: dict[type, list] = {}


def register_guard(model, guard):
    """`guard(subject, field, actor) -> Refusal | None`: when a model's personal data is closed (after closing, for example)."""
    _guards.setdefault(model, []).append(guard)


def closed(subject, field, actor):
    """Why this field can't be looked at now, or None. Who may at all is the view's permission."""
    if getattr(subject, "destroyed", False):
        return Refusal("destroyed", _("This personal data was destroyed."), article="个人信息保护法 第47条", todo=_("It can't be brought back."))
    return next((refusal for guard in _guards.get(type(subject), ()) if (refusal := guard(subject, field, actor))), None)


@transaction.atomic
def reveal(subject, field, actor, purpose):
    """The plain value of one personal field, after the look is written to the access log. Raises Refusal."""
    if refusal := closed(subject, field, actor):
        raise refusal
    purpose = (purpose or "").strip()
    if not purpose:
        raise Refusal("purpose_missing", _("Say what you need this personal data for."), article="个人信息保护法 第6条", field="purpose")
    AccessLog.objects.create(who=actor, subject=subject, field=field, purpose=purpose[:200])
    return getattr(subject, field)


def looks_at(subject):
    """Every look at this subject's data, latest first."""
    kind = ContentType.objects.get_for_model(subject)
    return AccessLog.objects.filter(subject_type=kind, subject_id=subject.pk).select_related("who")
