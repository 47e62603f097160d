"""Experts by lot, so that anyone can repeat the draw (实施条例 第39条, 财政部令第87号 第48条).

First the pool is frozen: its members in order, who was left out and why, its digest, and the digest of a secret nobody has seen. The supervising
section is told. Only then the draw is made: somebody says a word, the secret is shown, and the seed follows from both. The handler can't choose
the seed because of the secret, whoever keeps the machine can't because of the word. Experts stand in the order of kernel.draws.
"""

import base64
import hashlib
import json
import secrets

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from communities.permissions import people
from evaluation.lifecycle import seats
from evaluation.models import Expert
from kernel import clock, crypto, draws, files, rules, trail
from kernel.lifecycle import Refusal
from kernel.notices import notify_all, register
from procurement.lifecycle.evaluation_terms import terms_of

DRAWN_RESERVES = 2
register("pool_frozen", _("“{title}”: the pool of {count} experts is frozen before the draw. Digest {digest}."))


def _sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def pool_digest(record):
    """The digest of a frozen pool: who may be drawn, in order, and how many are drawn."""
    return _sha(json.dumps([record["pool"], record["count"], record["spare"]], separators=(",", ":")))


def repeat_draw(record):
    """Make a recorded draw again from its pool, secret and word: [(what, stored, again)]; equal throughout when nothing was touched."""
    digest, seed = pool_digest(record), _sha(f"{record['secret']}|{record['word']}|{record['digest']}")
    order = draws.order(record["pool"], seed)
    count = record["count"]
    again = {"digest": digest, "commitment": _sha(record["secret"]), "seed": seed, "drawn": order[:count], "spares": order[count : count + record["spare"]]}
    return [(name, record[name], value) for name, value in again.items()]


def _aad(panel):
    return f"draw of panel {panel.pk}".encode()


def _forming(panel):
    if panel.status != "draft":
        raise Refusal("formed", _("The panel is already formed."))


@rules.carries("C14", "H02")
@transaction.atomic
def freeze_pool(panel, *, actor, count, reserves=DRAWN_RESERVES, legal_only=False):
    """List who may be drawn and who is left out, fix it with its digest, and tell the supervising section. Raises Refusal: pool too small, a draw is pending.

    Before the opening the bidders are not known: members are matched with them once more before the evaluation begins.
    """
    panel = seats.locked(panel)
    seats.handler_acts(panel, actor)
    _forming(panel)
    last = panel.draw_record
    if last and "seed" not in last:
        raise Refusal("frozen", _("The pool is frozen already."), todo=_("Draw the experts now."))
    bidders, sitting = seats.bidders_of(panel), set(panel.members.values_list("user_id", flat=True))
    pool, left_out = [], []
    rows = Expert.objects.filter(active=True, user__is_active=True).select_related("user").order_by("pk")
    for expert in rows.filter(legal=True) if legal_only else rows:
        why = str(_("sits on this panel already")) if expert.user_id in sitting else seats.conflict_of(expert.user, panel, bidders, expert)
        if why:
            left_out.append({"expert": expert.pk, "why": why})
        else:
            pool.append(expert.pk)
    if len(pool) < count:
        raise Refusal("pool", _("Only {count} experts without conflict are in the pool.").format(count=len(pool)), article=rules.get("C14").article, todo=_("Enter more experts, or ask the provincial pool."))
    secret = secrets.token_hex(16)
    record = {
        "pool": pool, "left_out": left_out, "count": count, "spare": reserves, "commitment": _sha(secret), "sealed": base64.b64encode(crypto.encrypt(secret.encode(), _aad(panel))).decode(),
        "frozen_at": clock.now().isoformat(), "frozen_by": actor.pk, "earlier": [*last.get("earlier", []), {key: value for key, value in last.items() if key != "earlier"}] if last else [],
        "reserves": last.get("reserves", []),
    }  # fmt: skip
    record["digest"] = pool_digest(record)
    panel.draw_record = record
    panel.save(update_fields=["draw_record"])
    trail.record(panel, "freeze_pool", actor=actor, params={"pool": pool, "digest": record["digest"], "commitment": record["commitment"], "count": count, "reserves": reserves})
    told = {"title": panel.tender.title, "count": len(pool), "digest": record["digest"][:16]}
    notify_all(people("supervisor", "observer", purchaser=panel.tender.purchaser), f"pool-{panel.pk}-{record['digest'][:24]}", "pool_frozen", subject=panel, url=panel.get_absolute_url(), params=told)
    return panel


@rules.carries("C14")
@transaction.atomic
def draw_experts(panel, *, actor, word=""):
    """Draw from the frozen pool: experts and ranked reserves. `word`: whatever somebody present says now. Everything needed to repeat it is recorded.

    Raises Refusal: nothing is frozen.
    """
    panel = seats.locked(panel)
    seats.handler_acts(panel, actor)
    _forming(panel)
    record = dict(panel.draw_record)
    if not record or "seed" in record:
        raise Refusal("not_frozen", _("Freeze the pool first: the seed is fixed only afterwards."), article=rules.get("C14").article)
    secret = crypto.decrypt(base64.b64decode(record.pop("sealed")), _aad(panel)).decode()
    word = word.strip()[:60]
    seed = _sha(f"{secret}|{word}|{record['digest']}")
    order = draws.order(record["pool"], seed)
    drawn, spares = order[: record["count"]], order[record["count"] : record["count"] + record["spare"]]
    experts = {row.pk: row for row in Expert.objects.filter(pk__in=drawn).select_related("user")}
    for number in drawn:
        seats.seat(panel, experts[number].user, is_expert=True)
    record |= {"secret": secret, "word": word, "seed": seed, "drawn": drawn, "spares": spares, "reserves": [*record["reserves"], *spares], "at": clock.now().isoformat(), "by": actor.pk}
    panel.draw_record, panel.drawn_at = record, clock.now()
    panel.save(update_fields=["draw_record", "drawn_at"])
    trail.record(panel, "draw", actor=actor, params={"seed": seed, "word": word, "pool": len(record["pool"]), "drawn": drawn, "reserves": spares})
    return panel


@rules.carries("C14")
@transaction.atomic
def choose_expert(panel, expert, *, actor, document, reason, file=None):
    """Name an expert without a draw: only for a technically complex purchase, with the document of the superior budget unit (87号令 第48条).

    Raises Refusal: not complex, no document or scan, a tie to a bidder.
    """
    panel = seats.locked(panel)
    seats.handler_acts(panel, actor)
    _forming(panel)
    article = rules.get("C14").article
    if panel.tender.is_statutory and not terms_of(panel.tender).complex:
        raise Refusal("not_complex", _("Experts are drawn; only a technically complex purchase may choose them."), article=article, todo=_("Draw from the pool."))
    if panel.tender.is_statutory and not (document.strip() and file):
        raise Refusal("document", _("Choosing experts needs the consent of the superior unit: its number and its scan."), article=article, field="document")
    if why := seats.conflict_of(expert.user, panel, seats.bidders_of(panel), expert):
        raise Refusal("conflict", _("Conflict of interest: {names}.").format(names=f"{expert}（{why}）"), article=rules.get("H02").article, field="expert")
    member = seats.seat(panel, expert.user, is_expert=True, chosen=f"{document.strip()} {reason.strip()}".strip()[:200])
    trail.record(panel, "choose_expert", actor=actor, reason=reason, params={"member": expert.user_id, "document": document})
    if file:
        files.attach(panel, file, "consent", actor=actor)
    return member


def next_reserve(panel):
    """Seat the next ranked reserve without a tie, inside the caller's transaction; those passed over are crossed out. Returns the member or None."""
    record, bidders, found = dict(panel.draw_record), seats.bidders_of(panel), None
    waiting = list(record.get("reserves", []))
    while waiting and found is None:
        expert = Expert.objects.filter(pk=waiting.pop(0), active=True).select_related("user").first()
        if expert and not seats.conflict_of(expert.user, panel, bidders, expert) and not panel.members.filter(user=expert.user).exists():
            found = seats.seat(panel, expert.user, is_expert=True)
    record["reserves"] = waiting
    type(panel).objects.filter(pk=panel.pk).update(draw_record=record)
    panel.draw_record = record
    return found
