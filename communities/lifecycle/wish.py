"""Wish 微心愿: what a resident says is missing.

new → the community (or its street) answers → answered; whoever works on it lets it become a need → adopted; done with → closed.
A wish is left without an account and followed by its number, which cannot be guessed. The contact is encrypted under a key of its own:
deleting it destroys the key (个人信息保护法 第47条), the wish itself stays.
"""

import hmac
import secrets

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from communities.models import Place, Wish
from communities.permissions import at_area, at_grid, at_place, either
from kernel import clock, crypto, trail
from kernel.lifecycle import Life, Refusal, Step, advance

SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
HANDLES = either(at_place("community"), at_grid("grid_worker"), at_area("handler", "section"))


ANSWER = Step(
    "answer", _("Answer"), ("new",), "answered", HANDLES, hint=_("The resident reads the answer under the wish's number."), waits_for=_("community staff")
)
ADOPT = Step("adopt", _("Let it become a need"), ("new", "answered"), "adopted", either(at_place("community"), at_area("handler", "section")), tone="success")
CLOSE = Step(
    "close",
    pgettext_lazy("wish", "Close"),
    ("new", "answered", "adopted"),
    "closed",
    HANDLES,
    tone="secondary",
    needs_reason=True,
    hint=_("The resident reads the reason."),
)

LIFE = Life(
    "wish",
    Wish,
    states={
        "new": pgettext_lazy("wish", "waiting for an answer"),
        "answered": pgettext_lazy("wish", "answered"),
        "adopted": pgettext_lazy("wish", "became a need"),
        "closed": pgettext_lazy("wish", "closed"),
    },
    steps=(ANSWER, ADOPT, CLOSE),
    initial="new",
)
LIFE.verb_labels = {"leave": _("wish left"), "delete_contact": _("contact deleted on request")}


def new_number():
    """Public number with 60 random bits, in signs that are not mistaken for each other: XY-7K3M-Q9TZ-4HPA."""
    signs = "".join(secrets.choice(SIGNS) for _count in range(12))
    return f"XY-{signs[:4]}-{signs[4:8]}-{signs[8:]}"


@transaction.atomic
def leave_wish(place, text, group="", contact="", grid=None, *, actor=None):
    """A resident (actor None) or staff for them leaves a wish at a community. Returns the Wish. Raises Refusal for a closed place or a strange grid."""
    if place.kind != Place.COMMUNITY or place.closed_on:
        raise Refusal("place", _("Wishes are left with a community that is open."), field="place")
    if grid is not None and grid.parent_id != place.pk:
        raise Refusal("grid", _("This grid belongs to another community."), field="grid")
    wish = Wish(number=new_number(), place=place, grid=grid, text=text.strip(), group=group.strip(), status="new", created_by=actor)
    wish.contact = contact.strip()
    wish.save()
    trail.record(wish, "leave", actor=actor, to_status="new")
    return wish


@LIFE.verb(ANSWER)
@transaction.atomic
def answer(wish, *, actor, answer, happened_on=None, reason=""):
    """Answer a wish; `answer` is public under its number."""
    text = (answer or "").strip()
    if not text:
        raise Refusal("answer_missing", _("Write what the resident should read."), field="answer")
    return advance(wish, ANSWER, actor=actor, happened_on=happened_on, reason=reason, changes={"answer": text, "answered_at": clock.now()})


@LIFE.verb(ADOPT)
@transaction.atomic
def adopt(wish, *, actor, need, happened_on=None, reason=""):
    """Tie a wish to the need it became. Raises Refusal when the need is of another community or retired."""
    if need.place_id != wish.place_id:
        raise Refusal("other_place", _("This need belongs to another community."), field="need")
    if need.status == "retired":
        raise Refusal("retired", _("This need was taken off the list."), todo=_("Choose another need or raise a new one."), field="need")
    wish = advance(wish, ADOPT, actor=actor, happened_on=happened_on, reason=reason, params={"need": need.pk})
    wish.needs.add(need)
    return wish


@LIFE.verb(CLOSE)
@transaction.atomic
def close(wish, *, actor, happened_on=None, reason=""):
    """Done with, with a reason the resident reads."""
    return advance(wish, CLOSE, actor=actor, happened_on=happened_on, reason=reason)


@transaction.atomic
def delete_contact(wish, contact, *, actor=None):
    """The resident (by giving number and contact) or staff has the contact deleted: its key is destroyed. Raises Refusal when the contact does not fit.

    Wrong and missing contacts get the same sentence, so that nothing can be tried out.
    """
    wish = Wish.objects.select_for_update(of=("self",)).select_related("subject_key").get(pk=wish.pk)
    given = crypto.blind_index("contact", contact or "")
    if not wish.contact_key or not hmac.compare_digest(given, wish.contact_key):
        raise Refusal("contact", _("There is no such contact with this wish."), todo=_("Enter it as you left it."), field="contact")
    wish.destroy_personal_data(actor=actor, why="request")
    trail.record(wish, "delete_contact", actor=actor)
    return wish
