"""What every detail page shows of a subject: how far its life has come, who it is waiting on, and everything that happened."""

import inspect
from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.http import HttpResponseNotAllowed
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from kernel import clock, lifecycle, trail
from kernel.models import Hold, TrailRow

GIVEN = {"actor", "happened_on", "reason"}
VERB_LABELS = {
    "create": _("created"),
    "created": _("created"),
    "change": _("changed"),
    "hold": _("put on hold"),
    "release": _("hold lifted"),
    "withdraw": _("taken back"),
    "correct": _("corrected"),
    "ask_correction": _("correction asked for"),
    "backfill": _("entered afterwards"),
    "export": _("exported"),
    "attach": _("file added"),
    "edit": _("edited"),
    "refuse_correction": _("correction not approved"),
}


def trail_of(subject):
    """The subject's rows, oldest first, asked once per object."""
    if not hasattr(subject, "_trail_rows"):
        subject._trail_rows = list(trail.rows_of(subject))
    return subject._trail_rows


def know(row, name, found):
    """Related rows that were read already: `.all()` asks no more, `.filter()` and `.order_by()` still do."""
    rows = getattr(row, name).all()
    rows._result_cache, rows._prefetch_done = list(found), True
    row.__dict__.setdefault("_prefetched_objects_cache", {})[name] = rows


def preload(*subjects):
    """Trail and open holds of several subjects of one page, in two queries."""
    found = {}
    for subject in subjects:
        subject._trail_rows, subject._known_holds = [], []
        found[ContentType.objects.get_for_model(subject).pk, subject.pk] = subject
    query = Q(pk__in=[])
    for kind in {kind for kind, _pk in found}:
        query |= Q(subject_type=kind, subject_id__in=[pk for other, pk in found if other == kind])
    for row in TrailRow.objects.filter(query).select_related("actor", "on_behalf_of").order_by("id"):
        found[row.subject_type_id, row.subject_id]._trail_rows.append(row)
    for hold in Hold.objects.filter(query, released_at=None).order_by("placed_at"):
        found[hold.subject_type_id, hold.subject_id]._known_holds.append(hold)


def verb_label(subject, verb):
    """The words for a verb: its step's, its life's, the common ones, else the verb itself."""
    life = getattr(subject, "LIFE", None)
    step = life and life.step(verb)
    if step:
        return step.label
    return getattr(life, "verb_labels", {}).get(verb) or VERB_LABELS.get(verb, verb)


def state_tone(state):
    """good, bad, wait or nothing: a colour for the common words in state keys; the label carries the meaning."""
    words = set(state.split("_"))
    if words & {"rejected", "cancelled", "failed", "void", "terminated", "refused", "withdrawn", "back", "returned", "disqualified", "expired", "lapsed"}:
        return "bad"
    if words & {"paid", "approved", "confirmed", "closed", "signed", "accepted", "awarded", "done", "verified", "active", "published", "concluded", "fulfilled"}:
        return "good"
    if words & {"submitted", "review", "waiting", "pending", "requested", "open", "reported", "checking", "held"}:
        return "wait"
    return ""


def days_text(days):
    if days < 1:
        return str(_("same day"))
    return ngettext("%(days)d day", "%(days)d days", days) % {"days": days}


@dataclass
class Stage:
    """One reached or coming state: label, the date it was reached, how long it lasted, past | current | next."""

    label: object
    phase: str
    on: date | None = None
    lasted: str = ""


@dataclass
class Progress:
    """Stages so far, what can come next and who that waits for."""

    stages: list
    next_label: object = ""
    waits_for: object = ""


def _coming(life, status, subject):
    """The usual way on from a state: forward steps that can concern the subject, at most four, so that side branches don't look like duties."""
    order, ahead, seen = list(life.states), [], {status}
    while len(ahead) < 4:
        place = order.index(status) if status in order else -1
        forward = [s for s in life.steps if status in s.sources and s.target in order and order.index(s.target) > place and s.target not in seen and s.fits(subject)]
        usual = [s for s in forward if s.tone in ("primary", "success")] or forward[:0]
        if not usual:
            break
        ahead.append(usual[0])
        status = usual[0].target
        seen.add(status)
    return ahead


def progress_of(subject):
    """The life of a subject as a Progress: past states with date and duration, the current one, the usual next ones."""
    life, reached = subject.LIFE, []
    created = getattr(subject, "created_at", None)
    start = created.astimezone(clock.ZONE).date() if created else None
    for row in trail_of(subject):
        if row.to_status and row.to_status != row.from_status:
            if not reached and row.from_status:
                reached.append((row.from_status, start))
            reached.append((row.to_status, row.happened_on))
    if not reached or reached[-1][0] != subject.status:
        reached.append((subject.status, start if not reached else None))
    stages = []
    for index, (state, on) in enumerate(reached):
        last = index == len(reached) - 1
        until = clock.today() if last else reached[index + 1][1]
        lasted = days_text(max(0, (until - on).days)) if on and until else ""
        stages.append(Stage(life.states.get(state, state), "current" if last else "past", on, lasted))
    ahead = _coming(life, subject.status, subject)
    stages += [Stage(life.states.get(step.target, step.target), "next") for step in ahead]
    waiting = getattr(subject, "waiting_on", None)
    waits_for = waiting() if waiting else (ahead[0].waits_for if ahead else "")
    return Progress(stages, ahead[0].label if ahead else "", waits_for)


def takes_over_http(life, verb):
    """Whether the act address can run this verb: it is registered, and everything it requires is asked by its form or given anyway."""
    function = life.functions.get(verb)
    if function is None:
        return False
    if verb in life.forms:
        return True
    names = list(inspect.signature(function).parameters.values())[1:]
    return all(p.name in GIVEN or p.default is not p.empty or p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL) for p in names)


def offers_for(subject, user):
    """Buttons for the template: dicts of step, refusal, whether it needs a page of its own, and `withdraw` where it is possible."""
    if not getattr(user, "is_authenticated", False) or not getattr(subject, "LIFE", None):
        return []
    life, found = subject.LIFE, []
    for offer in lifecycle.offers(subject, user):
        step = offer.step
        link = life.links.get(step.verb)
        if step.by_code or not (link or takes_over_http(life, step.verb)):
            continue
        form = life.forms.get(step.verb)
        asks = step.needs_reason or bool(form and form.asked(subject))
        url = link(subject) if link else ""
        found.append({"verb": step.verb, "label": step.label, "tone": step.tone, "hint": step.hint, "refusal": offer.refusal, "asks": asks, "url": url})
    if not life.step("withdraw") and lifecycle.may_withdraw(subject, user, trail_of(subject)):
        hint = _("Takes your last step back; possible until somebody else acts.")
        found.append({"verb": "withdraw", "label": _("Take back"), "tone": "secondary", "hint": hint, "refusal": None, "asks": True})
    return found


def refuse(request, refusal):
    """Show a refusal as a message, for pages that have no form to put it beside."""
    messages.error(request, str(refusal))


def render_detail(request, subject, template, *, status=200, **context):
    """A subject's page: `template` extends kernel/detail.html and gets `subject` and the context. It only shows: 405 for a POST."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    subject._shown_to = request.user.pk
    return render(request, template, {"subject": subject, **context}, status=status)
