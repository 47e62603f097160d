"""Signs the law wants looked at once names are known (条例 第18条, 财政部令第87号 第37条). They are shown to the purchaser, never decided here."""

from collections import defaultdict

from kernel import rules
from procurement import eligibility
from procurement.models import Bid
from providers import persons
from providers.models import BankAccount, OrganizationMember

SIGNS = (
    ("legal_representative", "H03", "单位负责人相同"),
    ("contact_name", "H04", "联系人相同"),
    ("supporter_id", "H03", "由同一组织支持"),
)


def _controllers(organization):
    """Who holds or manages it, as names."""
    return {name.strip() for name in organization.controllers.replace("，", "、").replace(",", "、").split("、") if name.strip()}


def _people(marks, one, other):
    """What two organizations' people have in common, as (rule, words): one head (条例 第18条), one person in both, one telephone (财政部令第87号 第37条)."""
    for mine, theirs in persons.shared(marks[one.pk], marks[other.pk]):
        if mine.how == "phone":
            yield "H04", "联系电话相同"
        elif mine.head and theirs.head:
            yield "H03", "单位负责人为同一人（证件号码一致）"
        else:
            yield "H04", "有同一人员（证件号码一致）"


def _teams(bids):
    """{bid id: names of the key people in its team}, and {bid id: everybody's}."""
    from procurement import responses

    teams = {bid.pk: responses.content_of(bid).get("team", []) for bid in bids}
    return {pk: {row["name"] for row in team if row.get("key")} for pk, team in teams.items()}, {pk: {row["name"] for row in team} for pk, team in teams.items()}


def _accounts(organizations):
    """{organization id: blind index of the account money goes to}."""
    return dict(BankAccount.objects.current().filter(organization__in=organizations).exclude(number_key="").values_list("organization", "number_key"))


def _logins(organizations):
    """{organization id: logins that act for it}."""
    found = defaultdict(set)
    for organization, user in OrganizationMember.objects.filter(organization__in=organizations, ends_on=None).values_list("organization", "user"):
        found[organization].add(user)
    return found


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
    ids = [bid.organization_id for bid in opened]
    marks, accounts, logins, (key, everybody) = persons.marks_of([bid.organization for bid in opened]), _accounts(ids), _logins(ids), _teams(opened)
    for bid in opened:
        for other in opened:
            if other.pk == bid.pk:
                continue
            signs = [("H03", words) for words in (_control(bid.organization, other.organization),) if words] + list(_people(marks, bid.organization, other.organization))
            if logins[bid.organization_id] & logins[other.organization_id]:
                signs.append(("H04", "由同一人员办理"))
            if accounts.get(bid.organization_id) and accounts[bid.organization_id] == accounts.get(other.organization_id):
                signs.append(("H04", "收款账户相同"))
            if names := key[bid.pk] & key[other.pk]:
                signs.append(("H04", f"关键人员同名（{'、'.join(sorted(names))}）"))
            found[bid.pk] += [{"rule": rule, "text": f"{words}：{other.organization}"} for rule, words in dict.fromkeys(signs)]
        for user, how in eligibility.ties(bid.organization, bid.lot.tender, everybody[bid.pk]):
            words = {"same": "同时是该供应商人员，应当回避", "phone": "与该供应商人员电话相同，请核实是否需要回避"}.get(how, "与该供应商人员同名，请核实是否需要回避")
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
