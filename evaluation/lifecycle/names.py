"""The members' names: secret until the result is announced (87号令 第47、66条, B27); every look before is on record."""

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


def masked(panel, own):
    """The panel whose timeline names no member while the names are secret from this reader."""
    if not (are_open(panel) or own):
        seated = set(panel.members.filter(is_expert=True).values_list("user", flat=True))
        for row in detail.trail_of(panel):
            if row.actor_id in seated:
                row.actor = None
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
