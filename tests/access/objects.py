"""The objects of the tables' `object` column: each is found in the world by one line, as the arguments of its address.

Everything belongs to 柳荫社区, its street office, and the organization that won there: `people.own` are its people, `people.far` are not.
Where another organization holds the object, OWNERS names its manager.
"""

import datetime
from decimal import Decimal

from django.contrib.contenttypes.models import ContentType

from communities.lifecycle import need as needs
from communities.lifecycle import place as places
from communities.lifecycle import staff
from communities.models import Membership, Need
from config.demo import special as special_methods
from config.demo.cast import script
from config.demo.papers import photo
from evaluation.lifecycle import questions
from evaluation.models import BidQuestion, CallBack, Check, Finding, Panel, ResultVersion, TermsChange
from kernel import clock, holidays
from kernel.models import Attachment, HolidayCalendar, Notice, StandIn
from procurement import responses
from procurement.lifecycle import (
    amendment,
    award,
    backfill,
    bid,
    bond,
    challenge,
    complaint,
    configuration,
    convening,
    fall,
    fund,
    fund_adjustment,
    fund_receipt,
    inquiry,
    price,
    project_lists,
)
from procurement.models import (
    Announcement,
    Award,
    Bid,
    BondTerms,
    CatalogueItem,
    Closing,
    CostVoucher,
    Framework,
    FrameworkAgreement,
    Fund,
    Gate,
    InvitationPool,
    Meeting,
    PaymentRequest,
    ProjectList,
    Question,
    SingleSource,
)
from procurement.permissions_tender import owner_tag
from providers.lifecycle import account, members, standing
from reporting.lifecycle import report
from reporting.models import YearTotal
from tests.access.world import HOME, contract

OWNERS = {"bond": "provider", "activity": "provider", "project_intended": "provider", "contract_draft": "provider", "contract_intended": "provider", "bid_draft": "provider4", "bid_file": "provider4", "bid_draft_pk": "provider4", "organization_submitted": "newcomer"}


def add_rest(world):
    """What the demo's stories do not leave behind: drafts, proposals, links and papers of every further kind, through the verbs."""
    cast, own = world.cast, world.people.own
    street, lelin = cast.purchasers["yuhe"], cast.organizations["lelin"]
    world.place_new = places.add_place("community", "新设社区", cast.places["玉河街道"], actor=cast.admin)
    world.invitation, world.invitation_token = staff.invite("新人", "handler", actor=own["leader"], purchaser=street)
    staff.revoke_stand_in(StandIn.objects.get(), actor=own["accountant"])  # nobody here acts for two roles
    world.standin = staff.stand_in(
        cast.users["handler1b"], cast.users["committee1b"], actor=cast.users["handler1b"], starts_on=clock.today(), ends_on=clock.today(), reason="外出培训"
    )
    facts = {"target_group": "老年人", "headcount": 30, "method": "open_air", "asked_on": clock.today(), "asked_count": 20, "opinion": "希望尽快办。"}
    world.need_draft = needs.raise_need(world.place, own["community"], title="血压常测", description="希望每月测一次血压。", **facts)
    world.batch = backfill.enter(street, [{"number": "旧合同1号", "title": "去年的助老服务"}], actor=own["handler"], name="去年的合同")
    world.amendment = amendment.draft_amendment(contract(world, "finding"), actor=own["handler"], subject_matter="调整活动安排")
    world.meeting_convened = convened(world, street)
    world.gate = configuration.propose(Gate, own["section"], purchaser=street, order=9, key="legal", name="法制审核", role="legal")
    for amount in (90, 100, 110):  # half of what the draft asks
        world.price = price.enter_price(own["finance"], place=world.place, name="心理咨询师", unit="小时", price=amount, priced_on=clock.today(), source="standard", note="区民政局指导价")
    world.exclusion = standing.exclude(cast.organizations["hefeng"], actor=own["finance"], kind="abnormal", document="市监〔2026〕9号", starts_on=clock.today())
    world.account = account.ask_account(lelin, actor=own["provider"], bank="西川银行", number="6217009876543210", proof=photo("开户证明", 5))
    _row, world.member_token = members.invite_member(lelin, actor=own["provider"], name="新同事", role="staff")
    world.member = members.add_member(lelin, cast.login("provider2b", "乐邻职员"), "staff", actor=own["provider"])
    world.calendar = HolidayCalendar.objects.filter(status="published").first()
    world.calendar_draft = holidays.begin(actor=cast.admin, document_number="国办发明电〔2027〕1号")
    world.report = report.ask_for("annual", actor=own["leader"], year=clock.today().year, purchaser=street)
    world.fund_expected = fund.create_fund(own["fund_owner"], purchaser=street, name="追加资金", source="fiscal", fiscal_year=clock.today().year, amount=50000)
    world.list_published = project_lists.publish(project_lists.prepare_list(own["section"], purchaser=street, fiscal_year=clock.today().year), actor=own["leader"])
    ProjectList.objects.filter(pk=world.list_published.pk).update(rows=world.list_published.rows[1:])  # as if one more had been approved since
    world.list_draft = project_lists.prepare_list(own["section"], purchaser=street, fiscal_year=clock.today().year, note="新增一个项目")
    money = fund.create_fund(own["fund_owner"], purchaser=street, name="社会捐赠", source="donation", fiscal_year=clock.today().year, amount=30000)
    world.receipt = fund_receipt.receive(money, actor=own["fund_owner"], received_on=clock.today(), payer="company", amount=30000, receipt_number="川财0001", scan=photo("捐赠票据", 6))
    world.adjustment = fund_adjustment.adjust(
        Fund.objects.get(name="玉河街道社区服务专项"), actor=own["fund_owner"], direction="raise", amount=10000, document="财预〔2026〕20号", reason="追加", scan=photo("调整文件", 7)
    )
    world.notice = Notice.objects.filter(user=own["handler"]).first()
    lot = world.plots["published"].lots.get()
    world.bid_draft = bid.start_bid(cast.organizations["ciguang"], lot, actor=cast.users["provider4"])
    bid.save_part(world.bid_draft, f"{bid.FILE_PREFIX}1", responses.pack("方案.txt", "text/plain", b"plan"), actor=cast.users["provider4"])
    world.bid_submitted = Bid.objects.get(lot=lot, owner_tag=owner_tag(lelin.pk, lot.pk))
    world.bid_opened = Bid.objects.get(lot=world.plots["scoring"].lots.get(), organization=lelin)
    challenges(world)
    ways_of_their_own(world)
    judging(world)
    after_award(world)
    world.people.extra = special(world)
    return world


def convened(world, street):
    """The work committee gets members who vote on line, and is called together over the project that waits for it."""
    own, gate = world.people.own, Gate.in_force().get(purchaser=street, key="work_committee")
    fields = {name: getattr(gate, name) for name in ("key", "name", "order", "role", "by_meeting", "amount_from", "amount_to", "expected_days")}
    members = [own[role].pk for role in ("committee", "leader", "supervisor")]
    proposal = configuration.propose(Gate, own["section"], purchaser=street, replaces=gate, members=members, quorum="half", online_voting=True, **fields)
    configuration.confirm(proposal, own["leader"])
    runs = [world.plots["committee"].open_run()]
    return convening.convene_meeting(own["committee"], purchaser=street, number="工委会〔2026〕临时1号", title="党工委会议", held_on=clock.today(), runs=runs, location="三楼会议室")


def judging(world):
    """The panel asks the bidder something; another panel's result stood, and was changed."""
    sitting = panel(world)
    chair = sitting.members.get(is_leader=True, left_at=None).user
    world.version = ResultVersion.objects.create(panel=sitting, number=2, kind="price", reason="报价录入错误", inputs={"lots": []}, result={"lots": []}, made_by=chair, needs_report=True)
    world.change = TermsChange.objects.create(panel=sitting, number=1, status="proposed", requirements="现：每周活动三次。", cause="周末需求集中", created_by=chair)
    world.change_told = TermsChange.objects.create(panel=sitting, number=2, status="told", requirements="现：每周活动两次。", cause="周末需求集中", created_by=chair, told_at=clock.now(), until=clock.now() + datetime.timedelta(seconds=1), confirmed_by=world.people.own["handler"])
    BidQuestion.objects.create(panel=sitting, bid=world.bid_opened, kind="change", change=world.change_told, text="请重新提交响应文件。", asked_by=world.people.own["handler"], until=clock.now())
    world.bid_question = questions.ask(sitting, world.bid_opened, actor=chair, kind="clarify", text="请说明服务人员的排班。", until=clock.now() + datetime.timedelta(hours=2))


def after_award(world):
    """A small purchase whose result was announced, its fallen award beside it, a bond, an inquiry, a panel that was set aside."""
    own, lelin = world.people.own, world.cast.organizations["lelin"]
    lot = contract(world, "closing").lot
    award.publish_result(lot.tender, actor=own["handler"])
    world.award = Award.objects.get(lot=lot)
    world.fall = fall.record_fall(world.award, actor=own["leader"], kind="refused", facts="供应商书面放弃。", proof=photo("放弃声明", 8))
    world.bid_told = world.award.bid
    world.bond = bond.ask_performance(contract(world, "contract_draft"), actor=own["handler"], amount=Decimal(100))
    world.inquiry = inquiry.ask(world.plots["published"].lots.get().tender, asker="乐邻", question="何时开启？", contact="13900001111", organization=lelin, actor=own["provider"])
    BondTerms.objects.create(lot=world.plots["published"].lots.get(), amount=Decimal(1000), most=Decimal(1000), forms=["transfer", "guarantee"], account="玉河街道 6228", set_by=own["handler"])
    world.panel_past = Panel.objects.create(tender=None, former_tender=world.plots["scoring"].lots.get().tender, status="concluded", result={"lots": []}, set_aside_at=clock.now(), set_aside_reason="重新评审")


def challenges(world):
    """One challenge waiting for its answer, one answered with a new evaluation ordered, and the complaint about it."""
    own, lelin = world.people.own, world.cast.organizations["lelin"]
    grounds = {"facts": "采购文件的资格条件排斥潜在供应商。", "request": "请求更正。", "legal_basis": "政府采购法第二十二条"}
    running, opened = world.plots["published"].lots.get().tender, world.plots["scoring"].lots.get().tender
    with clock.travelled(clock.midnight(running.notice_until)):
        world.challenge = challenge.file(running, lelin, actor=own["provider"], kind="documents", **grounds)
    with clock.travelled(opened.opened_at):
        row = challenge.file(opened, lelin, actor=own["provider"], kind="process", step="opening", **grounds)
        row = challenge.prepare(row, actor=own["handler"], outcome="upheld", consequence="reevaluate", answer="质疑成立。")
        world.challenge_answered = challenge.approve(row, actor=own["leader"])
        world.complaint = complaint.complain(world.challenge_answered, actor=own["provider"], within_challenge=True, **grounds)
    world.order = world.challenge_answered.orders.get()


def ways_of_their_own(world):
    """A framework with two orders, a single source under publicity, an invited tender in preparation: the demo's, moved to this community."""
    special_methods.tell(world.cast, script("plots")["themes"], world.now, HOME)
    world.framework, world.single = Framework.objects.get(), SingleSource.objects.get()
    world.invited = InvitationPool.objects.get().tender


def special(world):
    """(user, object) → further names of the tables: who bid for the same purchase, who leads the panel."""
    leading = panel(world).members.get(is_leader=True, left_at=None).user_id
    rival = world.cast.users["provider"].pk
    return {
        (rival, "tender_opened"): ("rival",), (rival, "framework"): ("rival",), (rival, "framework_item"): ("rival",), (rival, "lot_told"): ("rival",), (leading, "panel"): ("leading",), (leading, "panel_member"): ("leading",), (leading, "panel_bid"): ("leading",), (leading, "panel_item"): ("leading",), (leading, "panel_talk"): ("leading",), (leading, "terms_change"): ("leading",),
        (leading, "challenge_answered"): ("leading",), (leading, "order"): ("leading",), (rival, "challenge_answered"): ("rival",),
    }  # fmt: skip


def papers(subject):
    """The files of a subject."""
    return Attachment.objects.filter(subject_type=ContentType.objects.get_for_model(subject), subject_id=subject.pk)


def file_of(subject):
    row = papers(subject).first()
    return row.pk, row.original_name


def stage(w, key, order):
    return contract(w, key).stages.get(order=order)


def panel(w):
    return Panel.objects.get(former_tender=None)


OBJECTS = {
    "-": lambda w: (),
    # the ordering side
    "place": lambda w: w.place,
    "place_new": lambda w: w.place_new,
    "street_office": lambda w: w.cast.purchasers["yuhe"],
    "membership": lambda w: Membership.objects.get(user=w.people.own["supervisor"]),
    "person": lambda w: w.people.own["supervisor"],
    "invitation": lambda w: w.invitation,
    "invitation_token": lambda w: w.invitation_token,
    "standin": lambda w: w.standin,
    "wish": lambda w: w.wish,
    "wish_number": lambda w: w.wish.number,
    "need": lambda w: Need.objects.filter(place=w.place, status="published").first(),
    "need_draft": lambda w: w.need_draft,
    # the doing side
    "organization": lambda w: w.cast.organizations["lelin"],
    "organization_submitted": lambda w: w.cast.organizations["xinmiao"],
    "member": lambda w: w.member,
    "member_token": lambda w: w.member_token,
    "exclusion": lambda w: w.exclusion,
    "account": lambda w: w.account,
    # the buying
    "item": lambda w: CatalogueItem.objects.filter(catalogue__kind="guidance", level=2).first(),
    "fund": lambda w: Fund.objects.get(name="玉河街道社区服务专项"),
    "fund_expected": lambda w: w.fund_expected,
    "adjustment": lambda w: w.adjustment,
    "receipt_of_fund": lambda w: w.receipt,
    "project": lambda w: w.plots["finding"],
    "project_draft": lambda w: w.plots["draft"],
    "project_returned": lambda w: w.plots["returned"],
    "project_pre": lambda w: w.plots["submitted"],
    "project_committee": lambda w: w.plots["committee"],
    "project_approved": lambda w: w.plots["approved"],
    "project_intended": lambda w: w.plots["contract_draft"],
    "projectlist": lambda w: w.list_draft,
    "projectlist_number": lambda w: w.list_published.number,
    "price": lambda w: w.price,
    "draft_line": lambda w: (w.plots["draft"].pk, w.plots["draft"].lines.get(name="心理咨询师").pk),
    "meeting": lambda w: Meeting.objects.order_by("pk").first(),
    "meeting_convened": lambda w: w.meeting_convened,
    "gate_kind": lambda w: "gate",
    "bounds_kind": lambda w: "budget_bounds",
    "gate": lambda w: ("gate", w.gate.pk),
    "batch": lambda w: w.batch,
    "tender": lambda w: w.plots["published"].lots.get().tender,
    "tender_opened": lambda w: w.plots["scoring"].lots.get().tender,
    "lot": lambda w: w.plots["published"].lots.get(),
    "lot_opened": lambda w: w.plots["scoring"].lots.get(),
    "bid_draft": lambda w: w.bid_draft.public_id,
    "bid_file": lambda w: (w.bid_draft.public_id, "file-1"),
    "bid_submitted": lambda w: w.bid_submitted.public_id,
    "bid_opened": lambda w: w.bid_opened.public_id,
    "bid_draft_pk": lambda w: w.bid_draft.pk,
    "bid_submitted_pk": lambda w: w.bid_submitted.pk,
    "bid_opened_pk": lambda w: w.bid_opened.pk,
    "receipt": lambda w: w.bid_submitted.receipt,
    "notice_number": lambda w: Announcement.objects.filter(public=True, tender=w.plots["published"].lots.get().tender, kind="notice").get().number,
    "chapter": lambda w: (w.plots["published"].lots.get().tender_id, "requirements"),
    "document_number": lambda w: w.plots["published"].lots.get().tender.number,
    "document_version": lambda w: (w.plots["published"].lots.get().tender.number, 1),
    "question": lambda w: Question.objects.get(tender=w.plots["published"].lots.get().tender, status="asked"),
    "question_published": lambda w: Question.objects.get(tender=w.plots["published"].lots.get().tender, status="published"),
    "hand_inspection": lambda w: "inspection",
    "hand_prequalification": lambda w: "prequalification",
    "method_code": lambda w: "consultation",
    "challenge": lambda w: w.challenge,
    "tender_invited": lambda w: w.invited,
    "invitation_of_tender": lambda w: w.invited.invitations.first(),
    "tender_single": lambda w: w.single.tender_id,
    "single": lambda w: w.single,
    "framework": lambda w: w.framework,
    "framework_item": lambda w: w.framework.items.get(),
    "agreement": lambda w: FrameworkAgreement.objects.get(organization=w.cast.organizations["lelin"]),
    "tender_collected": lambda w: w.framework.items.get().lot.tender,
    "challenge_answered": lambda w: w.challenge_answered,
    "complaint": lambda w: w.complaint,
    "order": lambda w: w.order,
    "award": lambda w: w.award,
    "lot_told": lambda w: w.award.lot,
    "fall": lambda w: w.fall,
    "bid_told": lambda w: w.bid_told.public_id,
    "bond": lambda w: w.bond,
    "inquiry": lambda w: w.inquiry,
    "inquiry_code": lambda w: w.inquiry.code,
    "panel_past": lambda w: w.panel_past,
    # the doing
    "contract": lambda w: contract(w, "finding"),
    "contract_draft": lambda w: contract(w, "contract_draft"),
    "of_lot": lambda w: ("lot", contract(w, "finding").lot_id),
    "activity": lambda w: contract(w, "contract_draft").activities.filter(status="planned").first(),
    "activity_answered": lambda w: contract(w, "finding").activities.filter(status__in=("answered", "checked")).first(),
    "voucher": lambda w: CostVoucher.objects.filter(contract=contract(w, "closing")).first(),
    "stage": lambda w: stage(w, "finding", 3),
    "payment": lambda w: PaymentRequest.objects.get(status="in_approval"),
    "closing": lambda w: Closing.objects.get(),
    "contract_closing": lambda w: contract(w, "closing"),
    "amendment": lambda w: w.amendment,
    "contract_file": lambda w: file_of(contract(w, "finding")),
    "photo": lambda w: papers(contract(w, "finding").activities.filter(status__in=("answered", "checked")).first()).filter(original_name__endswith=".jpg").first(),
    # the judging
    "check": lambda w: Check.objects.get(),
    "check_item": lambda w: (Check.objects.get().pk, Check.objects.get().items.first().pk),
    "call": lambda w: (Check.objects.get().pk, CallBack.objects.first().pk),
    "finding": lambda w: Finding.objects.get(),
    "panel": panel,
    "panel_member": lambda w: (panel(w).pk, panel(w).members.get(user=w.people.own["expert"]).pk),
    "panel_bid": lambda w: (panel(w).pk, w.bid_opened.pk),
    "panel_who": lambda w: (panel(w).pk, str(w.bid_opened.pk)),
    "panel_talk": lambda w: (panel(w).pk, panel(w).talks.get(bid=w.bid_opened).pk),
    "panel_item": lambda w: (panel(w).pk, panel(w).tender.score_items.get(name="服务方案").pk),
    "bid_question": lambda w: w.bid_question,
    "terms_change": lambda w: w.change,
    "terms_change_told": lambda w: w.change_told,
    "version": lambda w: w.version,
    "panel_file": lambda w: (panel(w).pk, w.bid_opened.pk, "file-1"),
    # reports and the platform
    "report": lambda w: w.report,
    "report_number": lambda w: w.report.number,
    "total": lambda w: YearTotal.objects.get(),
    "notice": lambda w: w.notice,
    "job": lambda w: w.report.job,
    "calendar": lambda w: w.calendar,
    "calendar_draft": lambda w: w.calendar_draft,
    "rule": lambda w: "B09",
    "draft_key": lambda w: "project-new",
    "act": lambda w: ("project", w.plots["draft"].pk, "submit"),
    "of_contract": lambda w: ("contract", contract(w, "finding").pk),
    "correction": lambda w: ("contract", contract(w, "finding").pk, 1),
    "verify_link": lambda w: "MQ:abc",
    "reset_key": lambda w: ("1", "abc-def"),
}


def arguments(world, name):
    """The arguments of an object's address, as text."""
    known = world.__dict__.setdefault("_arguments", {})
    if name not in known:
        found = OBJECTS[name](world)
        known[name] = [str(getattr(part, "pk", part)) for part in (found if isinstance(found, tuple) else (found,))]
    return known[name]


def people_of(world, name):
    """[(role, "own" or "far", user)]: who is tried on an object."""
    own, far = dict(world.people.own), {role: list(users) for role, users in world.people.far.items()}
    if name in OWNERS:
        far["provider"] = [user for user in (own["provider"], *far["provider"]) if user.username != OWNERS[name]]
        own["provider"] = world.cast.users[OWNERS[name]]
    rows = [(role, "own", user) for role, user in own.items()]
    return rows + [(role, "far", user) for role, users in far.items() for user in users]


