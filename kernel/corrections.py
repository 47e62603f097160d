"""更正 (practice 5): after the next person has acted nothing is edited in place. One asks, another approves, the old value is kept.

    correctable("contract", "title", label=_("Title"), may_ask=…, may_decide=…, clean=None, after=None)

`clean(text) -> value` turns what was typed into the column's value (raising Refusal), `after(subject, correction, actor)` runs in the same
transaction: a published text issues its correction notice there.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kernel import clock, registry, trail
from kernel.lifecycle import Refusal, principals_of
from kernel.models import Correction
from kernel.notices import notify, register
from kernel.registry import Panel, Task, Waiting

register("correction.decided", _("Your correction of “{title}” was decided"))


@dataclass(frozen=True)
class Correctable:
    """A column that may be corrected, by whom it is asked and by whom decided."""

    noun: str
    field: str
    label: object
    may_ask: Callable
    may_decide: Callable
    states: tuple = ()
    after: Callable | None = None


KNOWN: dict[tuple, Correctable] = {}


def correctable(noun, field, *, label, may_ask, may_decide, states=(), after=None):
    """Announce a column as correctable (empty `states`: in every state but draft) and show its corrections on the noun's page."""
    if not any(known.noun == noun for known in KNOWN.values()):
        registry.panel(noun, panel)
    KNOWN[noun, field] = Correctable(noun, field, label, may_ask, may_decide, states, after)


def of(subject):
    """The subject's corrections, newest first."""
    kind = ContentType.objects.get_for_model(subject)
    return Correction.objects.filter(subject_type=kind, subject_id=subject.pk).select_related("asked_by", "decided_by")


def columns_for(subject, user):
    """What this person may ask to have corrected now."""
    noun = subject.LIFE.noun
    return [
        known
        for known in KNOWN.values()
        if known.noun == noun and subject.status != "draft" and (not known.states or subject.status in known.states) and any(known.may_ask(p, subject) for p in principals_of(user))
    ]


def value_of(subject, field, text):
    """What was typed as the column's value. Raises Refusal with the column's own sentence."""
    column = subject._meta.get_field(field)
    try:
        return column.clean(text if text != "" else column.get_default(), subject)
    except ValidationError as error:
        raise Refusal("invalid", " ".join(error.messages), field="new") from error


@transaction.atomic
def ask(subject, field, new, *, actor, reason):
    """Ask for a correction. Raises PermissionDenied or Refusal (unchanged, no reason, one is open already). Returns the Correction."""
    subject = type(subject)._base_manager.select_for_update().get(pk=subject.pk)
    if field not in {known.field for known in columns_for(subject, actor)}:
        raise PermissionDenied
    value, old = value_of(subject, field, new), getattr(subject, field)
    if value == old:
        raise Refusal("unchanged", _("This is what stands there already."), field="new")
    if not reason.strip():
        raise Refusal("reason_missing", _("Please say why."), field="reason")
    if of(subject).filter(field=field, decided_at=None).exists():
        raise Refusal("open", _("A correction of this is already waiting for its decision."))
    row = Correction.objects.create(subject=subject, field=field, old=str(old if old is not None else ""), new=str(value), reason=reason, asked_by=actor)
    trail.record(subject, "ask_correction", actor=actor, reason=reason, params={"correction": row.pk, "field": field})
    return row


@transaction.atomic
def decide(row, *, actor, approve, reason=""):
    """A second person approves or refuses. Raises PermissionDenied, or Refusal (own request, decided already). Returns the subject."""
    row = Correction.objects.select_for_update().get(pk=row.pk)
    subject = row.subject_type.model_class()._base_manager.select_for_update().get(pk=row.subject_id)
    known = KNOWN[subject.LIFE.noun, row.field]
    if not any(known.may_decide(person, subject) for person in principals_of(actor)):
        raise PermissionDenied
    if row.asked_by_id == actor.pk:
        raise Refusal("same_person", _("Somebody else than the person who asked decides."))
    if row.decided_at:
        raise Refusal("lost_race", _("Somebody else has just acted on this."))
    if approve:
        value = value_of(subject, row.field, row.new)
        type(subject)._base_manager.filter(pk=subject.pk).update(**{row.field: value})
        setattr(subject, row.field, value)
        if known.after:
            known.after(subject, row, actor)
    Correction.objects.filter(pk=row.pk).update(decided_by=actor, decided_at=clock.now(), approved=approve)
    trail.record(subject, "correct" if approve else "refuse_correction", actor=actor, reason=reason, params={"correction": row.pk, "field": row.field})
    notify(row.asked_by, f"correction-{row.pk}", "correction.decided", subject=subject, url=subject.get_absolute_url(), params={"title": str(subject)})
    return subject


def panel(subject, user):
    """On the noun's page: corrections so far, and where to ask for one."""
    known = getattr(subject, "_trail_rows", None)  # every correction is in the trail, which the page has read already
    rows = [] if known is not None and not any(row.verb == "ask_correction" for row in known) else list(of(subject))
    columns = columns_for(subject, user)
    if not rows and not columns:
        return None
    shown = [(row, KNOWN[subject.LIFE.noun, row.field]) for row in rows if (subject.LIFE.noun, row.field) in KNOWN]
    decidable = {row.pk for row, known in shown if not row.decided_at and row.asked_by_id != user.pk and any(known.may_decide(p, subject) for p in principals_of(user))}
    context = {"rows": shown, "columns": columns, "decidable": decidable, "noun": subject.LIFE.noun, "pk": subject.pk}
    return Panel(_("Corrections"), "kernel/corrections.html", context, order=95)


@registry.desk
def desk(user):
    """Corrections that wait for this person's decision."""
    def to_decide(row):
        life = getattr(row.subject_type.model_class(), "LIFE", None)
        known = life and KNOWN.get((life.noun, row.field))
        subject = row.subject if known else None
        if subject and known.may_decide(user, subject):
            yield Task("correction", str(subject), _("Decide on the correction"), subject.get_absolute_url(), row.asked_at)

    yield Waiting(Correction.objects.filter(decided_at=None).exclude(asked_by=user).select_related("subject_type")[:100], to_decide)
