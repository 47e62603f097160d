"""Need 需求: an entry of a community's needs list 服务需求清单.

draft (raised; edited freely) → the community confirms it → confirmed → publish → published, on the public list → retire → retired.
A need is not confirmed before residents were asked: how, when, how many, and what they said stands in it (政府采购法实施条例 第15条, A07).
In a small community one person may raise and confirm; the trail then says so. Confirming can be taken back until somebody acts on it.
"""

import secrets

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from communities.lifecycle.wish import ADOPT, adopt
from communities.models import Need, Place
from communities.permissions import at_area, at_place, either
from kernel import clock, rules, trail
from kernel.lifecycle import Life, Refusal, Step, advance

RAISES = either(at_place("community"), at_area("handler", "section"))
EDITABLE = ("place", "grid", "title", "description", "target_group", "headcount", "method", "asked_on", "asked_count", "opinion")


def residents_unheard(need, actor):
    """A07 实施条例 第15条: refusal while the residents' voice is missing from the need."""
    missing = [
        str(label)
        for value, label in (
            (need.method, _("how residents were asked")),
            (need.asked_on, _("asked on")),
            (need.asked_count, _("residents asked")),
            (need.opinion.strip(), _("what residents said")),
        )
        if not value
    ]
    article = rules.get("A07", on=clock.today()).article
    if missing:
        return Refusal(
            "A07",
            _("Residents' opinion is not recorded yet: {missing}.").format(missing="、".join(missing)),
            article=article,
            todo=_("Edit the need and fill it in."),
        )
    if need.asked_on > clock.today():
        return Refusal("A07", _("The day residents were asked lies in the future."), article=article, todo=_("Edit the need."))
    if need.method == "wishes" and not need.wishes.exists():
        return Refusal(
            "A07",
            _("It says that wishes are behind it, but none is tied to it."),
            article=article,
            todo=_("Adopt the wishes into this need, or name another way residents were asked."),
        )
    return None


CONFIRM = Step(
    "confirm",
    _("Confirm"),
    ("draft",),
    "confirmed",
    at_place("community"),
    residents_unheard,
    withdrawable=True,
    rules=("A07",),
    waits_for=_("community staff"),
    hint=_("The community stands for this need."),
)
PUBLISH = Step(
    "publish",
    _("Publish in the needs list"),
    ("confirmed",),
    "published",
    RAISES,
    tone="success",
    waits_for=_("community staff"),
    hint=_("Everybody can read it on the public needs list."),
)
RETIRE = Step("retire", _("Take off the list"), ("draft", "confirmed", "published"), "retired", RAISES, tone="secondary", needs_reason=True)
rules.carries("A07")(CONFIRM)

LIFE = Life(
    "need",
    Need,
    states={
        "draft": pgettext_lazy("need", "draft"),
        "confirmed": pgettext_lazy("need", "confirmed"),
        "published": pgettext_lazy("need", "on the needs list"),
        "retired": pgettext_lazy("need", "taken off"),
    },
    steps=(CONFIRM, PUBLISH, RETIRE),
)
LIFE.verb_labels = {"create": pgettext_lazy("need", "raised"), "edit": _("edited")}


def check_place(place, grid):
    """Needs belong to an open community; a grid must be one of its own. Raises Refusal."""
    if place.kind != Place.COMMUNITY or place.closed_on:
        raise Refusal("place", _("Needs are raised for a community that is open."), field="place")
    if grid is not None and grid.parent_id != place.pk:
        raise Refusal("grid", _("This grid belongs to another community."), field="grid")


@transaction.atomic
def raise_need(place, actor, *, wishes=(), grid=None, **fields):
    """Raise a need as a draft. Fields: title, description, target_group, headcount (people), and the residents' voice: method
    (questionnaire, interview, focus_group, meeting, open_air, wishes), asked_on, asked_count, opinion. Returns the Need."""
    check_place(place, grid)
    need = Need(number=secrets.token_hex(8), place=place, grid=grid, created_by=actor, **fields)
    need.save()
    need.number = f"XQ{clock.today():%Y}{need.pk:06d}"
    need.save(update_fields=["number"])
    tie(need, wishes, actor)
    trail.record(need, "create", actor=actor, to_status="draft", params={"wishes": [wish.pk for wish in wishes]})
    return need


def tie(need, wishes, actor):
    """The wishes behind a need: those still waiting or only answered become "adopted" by that, so that the resident reads what came of it."""
    for wish in wishes:
        if wish.status in ADOPT.sources and not need.wishes.contains(wish):
            adopt(wish, actor=actor, need=need)
        else:
            need.wishes.add(wish)


@transaction.atomic
def edit_need(need, actor, **fields):
    """Change a draft. Raises Refusal once it is confirmed: take the confirmation back or retire it and raise a new one."""
    need = Need.objects.select_for_update().get(pk=need.pk)
    if need.status != "draft":
        raise Refusal("not_draft", _("Only a draft can be edited."), todo=_("Take the confirmation back, or take it off the list and raise a new one."))
    check_place(fields.get("place", need.place), fields.get("grid", need.grid))
    wishes = fields.pop("wishes", None)
    changed = sorted(name for name in EDITABLE if name in fields and getattr(need, name) != fields[name])
    for name in changed:
        setattr(need, name, fields[name])
    need.save(update_fields=changed)
    if wishes is not None:
        need.wishes.remove(*[wish for wish in need.wishes.all() if wish not in wishes])
        tie(need, wishes, actor)
    trail.record(need, "edit", actor=actor, params={"fields": changed})
    return need


@LIFE.verb(CONFIRM)
@transaction.atomic
def confirm(need, *, actor, happened_on=None, reason=""):
    """The community stands for the need. When the same person raised it, the trail's params say `same_person`."""
    params = {"same_person": True} if need.created_by_id == actor.pk else {}
    return advance(need, CONFIRM, actor=actor, happened_on=happened_on, reason=reason, params=params)


@LIFE.verb(PUBLISH)
@transaction.atomic
def publish(need, *, actor, happened_on=None, reason=""):
    """Put it on the public needs list."""
    return advance(need, PUBLISH, actor=actor, happened_on=happened_on, reason=reason, changes={"published_at": clock.now()})


@LIFE.verb(RETIRE)
@transaction.atomic
def retire(need, *, actor, happened_on=None, reason=""):
    """Take it off the list, with a reason."""
    return advance(need, RETIRE, actor=actor, happened_on=happened_on, reason=reason)
