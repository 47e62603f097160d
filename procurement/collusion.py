"""Signs the law wants looked at once names are known (条例 第18条, 财政部令第87号 第37条). They are shown to the purchaser, never decided here."""

from collections import defaultdict

from kernel import rules
from procurement import eligibility
from procurement.models import Bid

SIGNS = (
    ("legal_representative", "H03", "单位负责人相同"),
    ("contact_phone", "H04", "联系电话相同"),
    ("contact_name", "H04", "联系人相同"),
    ("supporter_id", "H03", "由同一组织支持"),
)


def _controllers(organization):
    """Who holds or manages it, as names."""
    return {name.strip() for name in organization.controllers.replace("，", "、").replace(",", "、").split("、") if name.strip()}


def _control(one, other):
    """Whether one of two organizations holds the other, or the same one holds both (条例 第18条), in words; ''."""
    if one.name in _controllers(other) or other.name in _controllers(one):
        return "存在控股、管理关系"
    return "由同一单位或个人控股、管理" if _controllers(one) & _controllers(other) else ""


@rules.carries("H01", "H03", "H04", "H05")
def check(bids):
    """Compare the opened responses of one lot with each other and with the exclusion lists; keep what was found on each bid."""
    from providers.lifecycle.organization import objection_to_provider

    found = defaultdict(list)
    opened = [bid for bid in Bid.objects.filter(pk__in=[bid.pk for bid in bids], status="opened").select_related("organization", "lot__project", "lot__tender")]
    for name, rule, words in SIGNS:
        groups = defaultdict(list)
        for bid in opened:
            if value := getattr(bid.organization, name):
                groups[value].append(bid)
        for group in groups.values():
            if len(group) > 1:
                for bid in group:
                    others = "、".join(str(other.organization) for other in group if other.pk != bid.pk)
                    found[bid.pk].append({"rule": rule, "text": f"{words}：{others}"})
    for bid in opened:
        for other in opened:
            if other.pk != bid.pk and (words := _control(bid.organization, other.organization)):
                found[bid.pk].append({"rule": "H03", "text": f"{words}：{other.organization}"})
        for user, how in eligibility.ties(bid.organization, bid.lot.tender):
            words = "同时是该供应商人员，应当回避" if how == "same" else "与该供应商人员同名，请核实是否需要回避"
            found[bid.pk].append({"rule": "H01", "text": f"采购人员{user}{words}"})
    helped = {pk for bid in opened[:1] for pk in bid.lot.project.drafting_help.values_list("pk", flat=True)}
    for bid in opened:
        if bid.organization_id in helped:
            found[bid.pk].append({"rule": "H03", "text": "参与过项目方案编制"})
        if refusal := objection_to_provider(bid.organization, "bid"):
            found[bid.pk].append({"rule": "H05", "text": str(refusal.sentence)})
    for bid in bids:
        if bid.pk in found:
            bid.warnings = found[bid.pk]
            Bid.objects.filter(pk=bid.pk).update(warnings=bid.warnings)
