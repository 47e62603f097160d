"""The members' names: secret until the result is announced (87号令 第47、66条, B27); every look before is on record."""

from types import SimpleNamespace

from django.db import transaction
from django.utils.translation import gettext as _

from kernel import detail, rules, trail
from kernel.models.access import AccessLog


def are_open(panel):
    """Whether the result is announced and the names with it."""
    return bool(panel.tender.opening_record.get("result_told"))


def shown_members(panel, members, own):
    """The members with `.shown`: their name to each other and once the result is announced, else a number."""
    open_ = are_open(panel) or bool(own)
    for number, member in enumerate(sorted(members, key=lambda member: member.pk), 1):
        member.shown = str(member.user) if open_ else _("Member {number}").format(number=number)
    return members


def told(panel, members, actor):
    """Some members in a sentence for this reader: by name to the panel and once the result is announced, else by number."""
    everybody = list(panel.members.select_related("user"))
    shown_members(panel, everybody, any(member.user_id == getattr(actor, "pk", None) and member.left_at is None for member in everybody))
    wanted = {member.pk for member in members}
    return "、".join(member.shown for member in sorted(everybody, key=lambda member: member.pk) if member.pk in wanted)


def masked(panel, own, members):
    """The panel whose timeline names no expert while the names are secret from this reader."""
    if not (are_open(panel) or own):
        seated = {member.user_id for member in members if member.is_expert}
        for row in detail.trail_of(panel):
            if row.actor_id in seated:
                row._state.fields_cache["actor"] = SimpleNamespace(pk=row.actor_id, name=_("a member of the panel"))
    return panel


@rules.carries("B27")
@transaction.atomic
def reveal(panel, *, actor, purpose):
    """The members with their names, after the look is written to the access log and the trail."""
    AccessLog.objects.create(who=actor, subject=panel, field="members", purpose=purpose.strip()[:200])
    trail.record(panel, "reveal_names", actor=actor, params={"purpose": purpose.strip()[:200]})
    return list(panel.members.select_related("user").order_by("left_at", "-is_leader", "id"))


def result_rows(panel, result=None):
    """Lots with their ranked lines as frozen, members' sums by name."""
    result = panel.result if result is None else result
    lots = {lot.pk: lot for lot in panel.tender.lots.all()}
    known = {str(row.get("id")): row["name"] for row in result.get("members", [])}
    return [
        {"lot": lots.get(row["lot"]), "base": row.get("base", ""), "lines": [{**line, "sheets": [(known.get(key, key), value) for key, value in line["members"].items()]} for line in row["lines"]]}
        for row in result.get("lots", [])
    ]  # fmt: skip
