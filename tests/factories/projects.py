"""A street office with its people, and projects and funds in each state, built through the real verbs."""

import datetime
import itertools
from types import SimpleNamespace

from communities.lifecycle import need as needs
from communities.models import Membership, Place, Purchaser
from kernel import clock
from kernel.models import User
from kernel.money import yuan
from procurement.lifecycle import configuration, fund, gates, meeting, project
from procurement.models import Catalogue, CatalogueItem, Gate
from tests.memory import remembered

_count = itertools.count(1)


def make_user(name="", **fields):
    number = next(_count)
    return User.objects.create_user(f"u{number}", "correct-horse-9", name=name or f"用户{number}", **fields)


def join(user, role, purchaser=None, place=None):
    """Give a person a role from a long time ago."""
    Membership.objects.create(user=user, role=role, purchaser=purchaser, place=place, starts_on=datetime.date(2020, 1, 1))
    user.__dict__.pop("_memberships", None)
    return user


def make_place(kind, name, parent=None):
    place = Place.objects.create(kind=kind, name=name, parent=parent, sort_key=name)
    place.path = f"{parent.path if parent else '/'}{place.pk}/"
    place.save()
    return place


@remembered
def make_office(name="锦绣街道", district=None, *, configured=True):
    """A district, a street with two communities, its office as purchaser and one person per role (attributes named by role)."""
    district = district or make_place("district", f"青溪区{next(_count)}")
    street = make_place("street", name, district)
    office = SimpleNamespace(district=district, street=street, community=make_place("community", "和睦社区", street), second_community=make_place("community", "春风社区", street))
    office.purchaser = Purchaser.objects.create(kind="street", name=f"{name}办事处{next(_count)}", place=street)
    for role in ("handler", "section", "committee", "leader", "accountant", "cashier", "fund_owner", "supervisor", "legal", "observer"):
        setattr(office, role, join(make_user(f"{role}-{name}"), role, purchaser=office.purchaser))
    office.second_leader = join(make_user("另一位领导"), "leader", purchaser=office.purchaser)
    office.staff = join(make_user("社区干事"), "community", place=office.community)
    office.finance = join(make_user("财政局"), "finance", place=district)
    if configured:
        settle_rules(office)
    return office


def settle_rules(office):
    """The usual settings of a street as if proposed and confirmed long ago; the verbs that do it have tests of their own."""
    for model, fields in configuration.default_rows(office.purchaser):
        day = datetime.date(2020, 1, 1)
        model.objects.create(purchaser=office.purchaser, valid_from=day, proposed_by=office.section, confirmed_by=office.leader, confirmed_at=clock.midnight(day), **fields)


def name_members(office, members, quorum="half", **fields):
    """The roster and quorum of the office's work committee, as if confirmed long ago."""
    Gate.objects.filter(purchaser=office.purchaser, key="work_committee").update(members=[user.pk for user in members], quorum=quorum, **fields)


def make_item(name="社区青少年读书会", nature="service", kind="guidance"):
    catalogue, _made = Catalogue.objects.get_or_create(name=f"目录 {kind}", defaults={"kind": kind, "source": "测试", "valid_from": datetime.date(2020, 1, 1)})
    return CatalogueItem.objects.get_or_create(catalogue=catalogue, name=name, defaults={"code": f"T{next(_count)}", "nature": nature, "level": 2})[0]


def make_need(office, title="青少年周末没有去处", state="confirmed"):
    row = needs.raise_need(
        office.community, office.staff, title=title, description="双休日孩子无人照看。", target_group="青少年", headcount=120, method="questionnaire",
        asked_on=clock.today(), asked_count=86, opinion="八成家长希望周末有读书活动。",
    )  # fmt: skip
    return needs.confirm(row, actor=office.staff) if state == "confirmed" else row


@remembered
def make_fund(office, amount=1000000, state="approved", **fields):
    """A fund of the office's purchaser in expected | approved | closing | closed."""
    values = {"name": f"社区服务专项{next(_count)}", "source": "fiscal", "fiscal_year": clock.today().year, **fields}
    row = fund.create_fund(office.fund_owner, purchaser=office.purchaser, amount=amount, **values)
    if state != "expected":
        row = fund.approve(row, actor=office.accountant, document="财预〔2026〕1号")
    if state in ("closing", "closed"):
        row = fund.begin_closing(row, actor=office.accountant)
    return fund.close(row, actor=office.accountant) if state == "closed" else row


def budget_of(amount, start):
    """A plan of two activities and lines that sum to `amount` yuan, with people and running cost."""
    amount = yuan(amount)
    people, running = yuan(amount / 4), yuan(amount / 10)
    first = yuan(amount / 5)
    plan = [
        {"order": 1, "title": "读书分享会", "planned_on": start + datetime.timedelta(days=20), "location": "社区活动室", "headcount": 40, "times": 4, "by_whom": "社区社工"},
        {"order": 2, "title": "亲子手工", "planned_on": start + datetime.timedelta(days=40), "location": "社区广场", "headcount": 60, "times": 2},
    ]
    lines = [
        {"activity": 1, "kind": "activity", "name": "图书", "unit": "批", "quantity": 1, "price": first},
        {"activity": 2, "kind": "activity", "name": "手工材料", "unit": "批", "quantity": 1, "price": amount - people - running - first},
        {"activity": None, "kind": "people", "name": "社工人工", "unit": "项", "quantity": 1, "price": people},
        {"activity": None, "kind": "running", "name": "管理费", "unit": "项", "quantity": 1, "price": running},
    ]
    return plan, lines


INDICATORS = (
    {"kind": "quantity", "name": "开展读书活动", "target": 6, "unit": "场", "how": "活动签到与记录"},
    {"kind": "satisfaction", "name": "参与居民满意度", "target": 90, "unit": "%", "how": "活动后问卷"},
)


@remembered
def make_project(office, state="draft", amount=40000, *, funds=None, item=None, actor=None, before=None, **fields):
    """A project in draft (empty) | ready (complete draft) | submitted | committee | approved | sourcing, of `amount` yuan. `before(project)` runs before it is submitted."""
    start = clock.today() + datetime.timedelta(days=30)
    actor = actor or office.staff
    values = {
        "title": f"社区读书项目{next(_count)}", "fiscal_year": clock.today().year, "item": item or make_item(), "goal": "周末有去处。", "target_group": "青少年", "headcount": 120,
        "results": "举办活动6场，满意度不低于90%。", "starts_on": start, "ends_on": start + datetime.timedelta(days=180),
        "purchaser": office.purchaser, "place": office.community, "needs": [make_need(office)], "indicators": INDICATORS, "declared": True, **fields,
    }  # fmt: skip
    if values.get("way") == "intended":
        values.setdefault("price_comparison", "同类服务两家报价相近。")
    row = project.draft_project(actor, **values)
    if state == "draft":
        return row
    plan, lines = budget_of(amount, start)
    row = project.set_budget(row, plan, lines, actor)
    funds = funds or [make_fund(office, amount=max(yuan(amount) * 2, yuan(100000)))]
    row = project.set_funding(row, [{"fund": funds[0], "amount": row.budget_total}], actor)
    if state == "ready":
        return row
    if before:
        before(row)
    row = project.submit(row, actor=actor, cautions={caution.key: "情况属实，已核对" for caution in project.unanswered(row)})
    if state == "submitted":
        return row
    row = gates.pass_gate(row, actor=office.section)
    row = gates.pass_gate(row, actor=office.leader)
    if state == "committee":
        return row
    if row.status == "in_review":
        sitting = make_meeting(office, [row])
        meeting.confirm_meeting(sitting, actor=office.second_leader)
        row.refresh_from_db()
    if state == "sourcing":
        row = project.mark_sourcing(row, office.handler)
    return row


def scan(name="minutes.png"):
    """A small real picture, as an upload would be."""
    import io

    from django.core.files.uploadedfile import SimpleUploadedFile
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (40, 30), (250, 250, next(_count) % 250)).save(out, "PNG")
    return SimpleUploadedFile(name, out.getvalue(), "image/png")


def make_meeting(office, projects, result="passed", *, minutes=True, **item):
    """A recorded, unconfirmed sitting of the work committee over projects waiting for it."""
    return meeting.hold_meeting(
        office.committee, purchaser=office.purchaser, number=f"工委会{next(_count)}", title="工委会会议", held_on=clock.today(),
        attendees=[office.committee, office.leader, office.second_leader], items=[{"run": row.open_run(), "result": result, **item} for row in projects],
        minutes=scan() if minutes else None,
    )  # fmt: skip
