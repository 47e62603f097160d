"""The engine of every life: steps as data, verbs as functions, one door for every change of status.

A noun's page (`lifecycle/<noun>.py`) lists its `Step`s and registers them in a `Life`. A verb is a function

    @LIFE.verb(SUBMIT)
    @transaction.atomic
    def submit(project, *, actor, happened_on=None, reason=""):
        project = advance(project, SUBMIT, actor=actor, happened_on=happened_on, reason=reason)
        ...every further write of the verb...
        return project

`advance` comes first: it locks, asks again, moves and writes the trail; whatever the verb writes afterwards stands or
falls with it. Suspension, challenge and open findings are `Hold` rows, never statuses.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kernel import about, clock, trail
from kernel.models.hold import Hold


class Refusal(Exception):
    """Why something is not possible, as a sentence: what, why (article), what to do next. Raised by verbs, returned by objections."""

    def __init__(self, code, sentence, *, article="", todo="", field=None):
        super().__init__(code)
        self.code, self.sentence, self.article, self.todo, self.field = code, sentence, article, todo, field

    def __str__(self):
        parts = [str(self.sentence)]
        if self.article:
            parts.append(f"（{self.article}）")
        if self.todo:
            parts.append(str(self.todo))
        return " ".join(parts)


@dataclass(frozen=True)
class Step:
    """One arrow of a life. `target` None keeps the status. `may(user, subject)` is the role (403), `objection(subject, actor)` the law (a sentence)."""

    verb: str
    label: object
    sources: tuple
    target: str | None
    may: Callable
    objection: Callable = lambda subject, actor: None
    tone: str = "primary"
    needs_reason: bool = False
    withdrawable: bool = False
    rules: tuple = ()
    hint: object = ""
    waits_for: str = ""
    by_code: bool = False  # follows from another verb: no button, no address
    fits: Callable = lambda subject: True  # a step that can never concern this subject is not offered; its objection answers whoever takes it
    unnamed: bool = False  # the trail keeps no actor: before the opening nobody may learn who bids (财政部令第87号 第28条)


@dataclass
class Life:
    """All steps, states, verbs and forms of one noun. `states`: key -> label in the order of the life."""

    noun: str
    model: type
    states: dict
    steps: tuple
    initial: str = "draft"
    root: Callable = lambda subject: subject
    functions: dict = field(default_factory=dict)
    forms: dict = field(default_factory=dict)
    undo: dict = field(default_factory=dict)
    links: dict = field(default_factory=dict)
    correctable: tuple = ()

    def __post_init__(self):
        LIVES[self.noun] = self
        self.model.LIFE = self

    def step(self, verb):
        return next((step for step in self.steps if step.verb == verb), None)

    def verb(self, step):
        """Register a function as the verb of a step."""

        def register(function):
            self.functions[step.verb] = function
            return function

        return register

    def link(self, step, address):
        """Send the step's button to a page of its own: `address(subject)` -> url. The act address does not take this verb then."""
        self.links[step.verb] = address

    def form(self, step, form_class):
        """Give a step the form that asks what its verb needs (kwargs of the verb = cleaned_data)."""
        self.forms[step.verb] = form_class


LIVES: dict[str, Life] = {}


@dataclass(frozen=True)
class Offer:
    """A button: a step and why it is refused now (None: it may be pressed)."""

    step: Step
    refusal: Refusal | None


def principals_of(user):
    """The user and everybody they stand in for today, the user first. Read once when `remember_principals` was asked of this user object.

    A stand-in for one role only gets its principal with that role as `covered_role`; permissions look at no other then.
    """
    today = clock.today()
    kept = getattr(user, "_principals", None)
    if kept and kept[0] == today:
        return kept[1]
    rows = () if about.certainly_not(user, "stands_in") else about.stand_ins(user).select_related("principal")
    people = [user]
    for row in rows:
        row.principal.covered_role = row.scope
        people.append(row.principal)
    if getattr(user, "_keeps_principals", False):
        user._principals = (today, people)
    return people


def remember_principals(user):
    """Ask the stand-ins of this user object once: for the one request that made the object."""
    user._keeps_principals = True


def acting_for(actor, subject, step, people=None):
    """On whose behalf `actor` may take the step: None (own right) or the principal. Raises PermissionDenied. `people`: principals_of, asked once."""
    if step.may(actor, subject):
        return None
    for principal in (principals_of(actor) if people is None else people)[1:]:
        if step.may(principal, subject):
            return principal
    raise PermissionDenied(str(_("Your role does not allow “{step}” here.")).format(step=step.label))


def open_holds(subject):
    """Holds on the subject that nobody has released yet, oldest first. A page that shows several subjects has read them at once."""
    if (known := getattr(subject, "_known_holds", None)) is not None:
        return known
    kind = ContentType.objects.get_for_model(subject)
    return list(Hold.objects.filter(subject_type=kind, subject_id=subject.pk, released_at=None).order_by("placed_at"))


def refusal_of(subject, step, actor, holds=None, people=None):
    """Why the step is refused now for this actor, or None."""
    if subject.status not in step.sources:
        state = subject.LIFE.states.get(subject.status, subject.status)
        return Refusal("wrong_state", _("“{step}” is not possible while this is “{state}”.").format(step=step.label, state=state))
    for hold in open_holds(subject) if holds is None else holds:
        if step.verb in hold.verbs:
            return Refusal("held", _("This is on hold: {note}").format(note=hold.note or hold.reason_code), article=hold.article)
    principal = acting_for(actor, subject, step, people)
    return step.objection(subject, actor) or (step.objection(subject, principal) if principal else None)


def offers(subject, actor, *, all_states=False):
    """The buttons this actor sees: steps their role allows, those out of state left out, each with its refusal or None."""
    found, holds, people = [], None, principals_of(actor)
    for step in subject.LIFE.steps:
        if not all_states and (subject.status not in step.sources or not step.fits(subject)):
            continue
        try:
            acting_for(actor, subject, step, people)
        except PermissionDenied:
            continue
        holds = open_holds(subject) if holds is None else holds
        found.append(Offer(step, refusal_of(subject, step, actor, holds, people)))
    return found


@transaction.atomic
def advance(subject, step, *, actor, happened_on=None, reason="", params=None, changes=None):
    """Take one step: lock the root, ask again, move the status by compare-and-set with `changes`, write the trail.

    Returns the fresh, locked subject. Raises PermissionDenied (role) or Refusal (state, hold, objection, lost race, date).
    `happened_on` is what the paper says; a date in the future is refused. The form of a step asks a reason for an earlier one.
    """
    root = subject.LIFE.root(subject)
    type(root)._base_manager.select_for_update().get(pk=root.pk)
    subject = type(subject)._base_manager.select_for_update().get(pk=subject.pk)
    principal = acting_for(actor, subject, step)
    if refusal := refusal_of(subject, step, actor):
        raise refusal
    if happened_on and happened_on > clock.today():
        raise Refusal("future", _("The date it happened lies in the future."), todo=_("Enter the date on the paper."), field="happened_on")
    if step.needs_reason and not reason.strip():
        raise Refusal("reason_missing", _("Please say why."), field="reason")
    before, target = subject.status, step.target or subject.status
    changes = dict(changes or {})
    if target != before:
        changes["stage_since"] = happened_on or clock.today()
    for name, value in changes.items():
        setattr(subject, name, value)
    moved = type(subject)._base_manager.filter(pk=subject.pk, status=before).update(status=target, **changes)
    if not moved:
        raise Refusal("lost_race", _("Somebody else has just acted on this."), todo=_("Reload the page to see what they did."))
    subject.status = target
    trail.record(
        subject, step.verb, actor=None if step.unnamed else actor, on_behalf_of=None if step.unnamed else principal, from_status=before, to_status=target, happened_on=happened_on, reason=reason, params=params
    )
    return subject


@transaction.atomic
def place_hold(subject, *, verbs, code, actor, note="", article=""):
    """Block verbs of a subject; trailed. Returns the Hold."""
    hold = Hold.objects.create(subject=subject, verbs=list(verbs), reason_code=code, note=note, article=article, placed_by=actor)
    trail.record(subject, "hold", actor=actor, reason=note, params={"hold": hold.pk, "code": code, "verbs": list(verbs)})
    return hold


@transaction.atomic
def release_hold(hold, *, actor, reason=""):
    """Lift a hold once; a second release is refused."""
    released = Hold.objects.filter(pk=hold.pk, released_at=None).update(released_at=clock.now(), released_by=actor)
    if not released:
        raise Refusal("lost_race", _("This hold was already lifted."))
    trail.record(hold.subject, "release", actor=actor, reason=reason, params={"hold": hold.pk, "code": hold.reason_code})


def entered_on(subject, status, *, before=None):
    """The day the trail says this state was entered last (looking only before row `before`), else the day the subject was made."""
    rows = trail.rows_of(subject).filter(to_status=status).exclude(from_status=status)
    row = (rows.filter(pk__lt=before) if before else rows).exclude(verb="withdraw").last()
    return row.happened_on if row else subject.created_at.astimezone(clock.ZONE).date()


@transaction.atomic
def withdraw(subject, *, actor, reason=""):
    """撤回: the last actor takes the last step back while nobody has acted since. Raises Refusal otherwise."""
    subject = type(subject)._base_manager.select_for_update().get(pk=subject.pk)
    last = trail.rows_of(subject).last()
    step = last and subject.LIFE.step(last.verb)
    if not step or not step.withdrawable or last.actor_id != actor.pk or last.to_status != subject.status:
        raise Refusal("not_withdrawable", _("This can no longer be taken back: somebody has acted since, or it was not your step."), todo=_("Ask for a correction instead."))
    undo = subject.LIFE.undo.get(last.verb)
    if undo and (refusal := undo(subject, actor)):
        raise refusal
    since = entered_on(subject, last.from_status, before=last.pk) if last.from_status != last.to_status else subject.stage_since
    moved = type(subject)._base_manager.filter(pk=subject.pk, status=last.to_status).update(status=last.from_status, stage_since=since)
    if not moved:
        raise Refusal("lost_race", _("Somebody else has just acted on this."))
    subject.status, subject.stage_since = last.from_status, since
    trail.record(subject, "withdraw", actor=actor, from_status=last.to_status, to_status=last.from_status, reason=reason, params={"undone": last.verb})
    return subject


def may_withdraw(subject, actor, rows=None):
    """Whether `withdraw` would be offered to this actor now. `rows`: the subject's trail, when it has been read already."""
    last = trail.rows_of(subject).last() if rows is None else (rows or [None])[-1]
    step = last and subject.LIFE.step(last.verb)
    return bool(step and step.withdrawable and last.actor_id == actor.pk and last.to_status == subject.status)

