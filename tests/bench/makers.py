"""Bulk data: one block of a hundred projects with everything that hangs on them, then copied inside the database.

The block is made with bulk_create; `grow` multiplies it by INSERT … SELECT, shifting keys, so that a hundred thousand projects
(about three million rows) take minutes, on SQLite and PostgreSQL alike. Hashes and seals of these rows are not valid: nothing here verifies them.
"""

import datetime
from decimal import Decimal

from django.contrib.contenttypes.models import ContentType
from django.db import connection, models, transaction

from communities.models import Need, Place, Wish
from evaluation.models import Assignment, Check, Finding
from kernel import clock
from kernel.models import ChainHead, Notice, TrailRow
from procurement.models import (
    Activity,
    Announcement,
    Award,
    Bid,
    Bond,
    BudgetLine,
    CatalogueItem,
    Challenge,
    Closing,
    Contract,
    Fund,
    GateRun,
    Inquiry,
    Lot,
    Meeting,
    PaymentRequest,
    PaymentStage,
    PlannedActivity,
    Project,
    ProjectFund,
    Tender,
)  # fmt: skip
from providers.models import Organization

BLOCK = 100
STATES = ("draft",) * 2 + ("in_review",) * 2 + ("approved",) * 2 + ("sourcing",) * 2 + ("contracted",) * 8 + ("closed",) * 84  # of a hundred; most is history


class Block:
    """The hundred projects and what was made with them; `made[model]` are the rows, in the order models depend on each other."""

    def __init__(self, cast):
        self.cast, self.made, self.today, self.now = cast, {}, clock.today(), clock.now()
        self.streets = [cast.purchasers["yuhe"], cast.purchasers["wangxi"]]
        self.communities = {street.pk: list(Place.objects.filter(kind="community", path__startswith=street.place.path)) for street in self.streets}
        self.people = {street.pk: {role: cast.people[role, key] for role in ("handler", "leader", "accountant")} for key, street in zip(("yuhe", "wangxi"), self.streets, strict=True)}

    def keep(self, model, rows):
        model.objects.bulk_create(rows, batch_size=200)
        self.made[model] = rows
        return rows

    @transaction.atomic
    def build(self):
        """Everything of the block. Its rows stand at the end of their tables, so that copies follow without gaps."""
        self.ordering()
        self.buying()
        self.after_buying()
        self.doing()
        self.telling()
        return self

    def street(self, number):
        return self.streets[number % 2]

    def place(self, number):
        found = self.communities[self.street(number).pk]
        return found[number // 2 % len(found)]

    def handler(self, number):
        return self.people[self.street(number).pk]["handler"]

    def ordering(self):
        items = list(CatalogueItem.objects.filter(catalogue__kind="guidance", level=2)[:20])
        funds = {street.pk: Fund.objects.filter(purchaser=street).order_by("pk").first() for street in self.streets}
        self.keep(Wish, [Wish(number=f"W{n:06}", place=self.place(n), text=f"希望增加服务{n}", status="new" if n % 10 == 0 else "answered") for n in range(20)])
        self.keep(Need, [
            Need(number=f"N{n:06}", place=self.place(n), title=f"老人助餐需求{n}", description="社区老人多，吃饭不便。", target_group="老年人", headcount=60 + n,
                 method="meeting", asked_on=self.today, asked_count=30, opinion="希望每天有热饭。", status="published", published_at=self.now)
            for n in range(BLOCK)
        ])  # fmt: skip
        self.keep(Project, [
            Project(number=f"B{n:06}", title=f"社区服务项目{n}", purchaser=self.street(n), place=self.place(n), fiscal_year=self.today.year - n % 3, item=items[n % len(items)],
                    goal="让老人吃上热饭。", target_group="老年人", headcount=60, results="每月服务六十人次。", starts_on=self.today, ends_on=self.today + datetime.timedelta(days=200),
                    handler=self.handler(n), budget_total=Decimal(3000 + n), ceiling=None if n < 4 else Decimal(3000 + n), revision=1, status=STATES[n],
                    created_by=self.cast.people["community", "柳荫社区"])
            for n in range(BLOCK)
        ])  # fmt: skip
        projects, needs, through = self.made[Project], self.made[Need], Project.needs.through
        self.keep(through, [through(project=project, need=need) for project, need in zip(projects, needs, strict=True)])
        self.keep(ProjectFund, [ProjectFund(project=row, fund=funds[row.purchaser_id], amount=row.budget_total) for row in projects])
        self.keep(PlannedActivity, [PlannedActivity(project=row, order=k, title=f"活动{k}", planned_on=self.today, location="活动室", headcount=30) for row in projects for k in (1, 2)])
        self.keep(BudgetLine, [
            BudgetLine(project=row, order=k, kind=kind, name=f"支出{k}", unit="份", quantity=10, price=Decimal(100), amount=Decimal(1000))
            for row in projects for k, kind in enumerate(("activity", "people", "running"), 1)
        ])  # fmt: skip
        self.keep(GateRun, [
            GateRun(project=row, key="section", name="科室审核", order=k, role="section" if k == 1 else "leader", revision=1, opened_at=self.now - datetime.timedelta(days=20),
                    result="passed" if row.status != "in_review" or k == 1 else "waiting", decided_at=self.now if row.status != "in_review" else None)
            for row in projects if row.status != "draft" for k in (1, 2)
        ])  # fmt: skip

    def buying(self):
        bought = [(n, row) for n, row in enumerate(self.made[Project]) if row.status in ("sourcing", "contracted", "closed") and n % 2 == n // 2 % 2]
        state = {"sourcing": "published", "contracted": "awarded", "closed": "awarded"}
        self.keep(Tender, [
            Tender(number=f"T{n:06}", title=row.title, purchaser=row.purchaser, method="self_run", handler=self.handler(n), requirements="服务要求", qualification="依法登记",
                   contact="电话", status=state[row.status], published_at=self.now, deadline=self.now + datetime.timedelta(days=3 if row.status == "sourcing" else -30), seal="none")
            for n, row in bought
        ])  # fmt: skip
        tenders = self.made[Tender]
        self.keep(Lot, [
            Lot(tender=tender, project=row, title=row.title, ceiling=row.budget_total, status="open" if row.status == "sourcing" else "contracted")
            for tender, (_n, row) in zip(tenders, bought, strict=True)
        ])  # fmt: skip
        organizations = self.keep(Organization, [
            Organization(kind="service_agency", name=f"基准社工中心{n}", contact_name="张三", contact_phone="13800000000", status="verified", sort_key=f"jizhun {n}") for n in range(5)
        ])  # fmt: skip
        self.keep(Bid, [
            Bid(lot=lot, owner_tag=f"bench-{k}", status="opened", organization=organizations[k], price=lot.ceiling, submitted_at=self.now)
            for lot in self.made[Lot] if lot.status != "open" for k in range(2)
        ])  # fmt: skip
        self.keep(Announcement, [
            Announcement(tender=tender, kind=kind, number=f"A{kind[0]}{tender.pk}", title=f"{tender.title}{word}", body="<p>公告正文</p>", published_by=tender.handler, until=self.today)
            for tender in tenders for kind, word in (("notice", "公告"), ("result", "结果公告")) if kind == "notice" or tender.status == "awarded"
        ])  # fmt: skip
        self.keep(Meeting, [Meeting(purchaser=street, gate_key="committee", number=f"M{n}", title="党工委会", held_on=self.today, status="confirmed") for n, street in enumerate(self.streets)])

    def after_buying(self):
        """What is counted and answered behind a purchase: awards, bid bonds, inquiries, challenges."""
        bids = {}
        for row in self.made[Bid]:
            bids.setdefault(row.lot_id, []).append(row)
        pairs = [(lot, bids[lot.pk]) for lot in self.made[Lot] if lot.pk in bids]
        self.keep(Award, [
            Award(lot=lot, bid=found[0], organization=found[0].organization, amount=lot.ceiling, decided_on=self.today, decided_by=lot.tender.handler, letter_on=self.today,
                  letter_number=f"L{lot.pk}", challenge_until=self.today, sign_due_on=self.today + datetime.timedelta(days=30)) for lot, found in pairs
        ])  # fmt: skip
        self.keep(Bond, [
            Bond(kind="bid", lot=lot, organization=row.organization, amount=Decimal(60), form="transfer", number=f"{row.pk}", received_on=self.today, due_since=self.today,
                 refund_due_on=self.today, status="held") for lot, found in pairs for row in found
        ])  # fmt: skip
        self.keep(Inquiry, [
            Inquiry(code=f"Q{row.pk}", tender=row, asker="某社工中心", question="服务地点在哪里？", received_on=self.today, answer_due_on=self.today, status="answered" if row.status == "awarded" else "received")
            for row in self.made[Tender]
        ])  # fmt: skip
        self.keep(Challenge, [
            Challenge(number=f"Z{lot.pk}", tender=lot.tender, organization=found[1].organization, kind="result", stage="result", facts="评分有误", request="重新评审", legal_basis="87号令",
                      filed_on=self.today, window_from=self.today, window_until=self.today, answer_due_on=self.today, status="answered" if lot.pk % 3 else "filed") for lot, found in pairs[::2]
        ])  # fmt: skip

    def doing(self):
        signed = [(n, row) for n, row in enumerate(self.made[Project]) if row.status in ("contracted", "closed")]
        organizations = self.made[Organization]
        self.keep(Contract, [
            Contract(number=f"C{n:06}", project=row, organization=organizations[n % 5], purchaser=row.purchaser, title=row.title, amount=row.budget_total, starts_on=row.starts_on,
                     ends_on=row.ends_on, deliverables="按约定服务", status="performing" if row.status == "contracted" else "closed", signed_on=self.today,
                     paid=0 if row.status == "contracted" else row.budget_total)
            for n, row in signed
        ])  # fmt: skip
        contracts = self.made[Contract]
        open_ = lambda row: row.status == "performing"  # noqa: E731
        self.keep(PaymentStage, [
            PaymentStage(contract=row, order=k, name=f"第{k}期", percent=50, amount=row.amount / 2, condition="progress", status=("requested" if k == 1 else "waiting") if open_(row) else "paid",
                         paid=0 if open_(row) else row.amount / 2, due_on=self.today)
            for row in contracts for k in (1, 2)
        ])  # fmt: skip
        self.keep(Activity, [
            Activity(contract=row, title=f"活动{k}", planned_on=self.today, location="活动室", planned_headcount=30, status="reported" if open_(row) else "checked",
                     reported_at=self.now) for row in contracts for k in (1, 2)
        ])  # fmt: skip
        stages = [stage for stage in self.made[PaymentStage] if stage.order == 1]
        self.keep(PaymentRequest, [
            PaymentRequest(stage=stage, number=f"P{n:06}", amount=stage.amount, invoice_number=f"{n:08}", invoice_on=self.today, received_on=self.today, due_on=self.today,
                           route=[{"role": "section", "name": "科室"}], status="in_approval" if stage.status == "requested" else "paid")
            for n, stage in enumerate(stages)
        ])  # fmt: skip
        self.keep(Closing, [Closing(contract=row, summary="完成", status="accepted", accepted_on=self.today) for row in contracts if not open_(row)])
        firm, auditor = self.cast.organizations["chengxin"], self.cast.users["auditor"]
        checked = contracts[::4]
        self.keep(Assignment, [Assignment(contract=row, firm=firm, auditor=auditor, assigned_by=self.handler(0)) for row in checked])
        first = {stage.contract_id: stage for stage in stages}
        self.keep(Check, [
            Check(assignment=row, stage=first[row.contract_id], evidence_complete_on=self.today, due_on=self.today, status="open" if open_(row.contract) else "reported")
            for row in self.made[Assignment]
        ])  # fmt: skip
        self.keep(Finding, [Finding(check_of=row, kind="voucher", text="发票不符", amount=Decimal(10), status="open" if row.status == "open" else "cleared") for row in self.made[Check]])

    def telling(self):
        kind = ContentType.objects.get_for_model(Project)
        heads = self.keep(ChainHead, [ChainHead(name=f"bench-{row.pk}", seq=3) for row in self.made[Project]])
        self.keep(TrailRow, [
            TrailRow(chain=head, seq=k, subject_type=kind, subject_id=row.pk, verb=verb, to_status=row.status, actor=row.handler, happened_on=self.today, effective_at=self.now,
                     recorded_at=self.now, hash="")
            for head, row in zip(heads, self.made[Project], strict=True) for k, verb in enumerate(("create", "submit", "pass_gate"), 1)
        ])  # fmt: skip
        self.keep(Notice, [
            Notice(user=row.handler, key=f"bench:{row.pk}", kind="deadline.after", params={"title": row.title, "due": ""}, subject_type=kind, subject_id=row.pk, url=row.get_absolute_url(), mail_state="off")
            for row in self.made[Project][::5]
        ])  # fmt: skip


UNIQUE_TEXT = {("notice", "key"), ("bid", "owner_tag"), ("meeting", "number"), ("paymentrequest", "invoice_number")}


def _copied(field, block, model):
    """The SQL that makes a column of the n-th copy out of the block's."""
    quoted = f"t.{connection.ops.quote_name(field.column)}"
    if field.primary_key:
        return f"{quoted} + n * {len(block.made[model])}"
    if field.name == "subject_id":
        return f"{quoted} + n * {len(block.made[Project])}"
    if field.is_relation and field.related_model in block.made:
        rows = block.made[field.related_model]
        return f"CASE WHEN {quoted} >= {rows[0].pk} THEN {quoted} + n * {len(rows)} ELSE {quoted} END"  # what stood before the block has no copies
    if isinstance(field, models.UUIDField):
        return "lower(hex(randomblob(16)))" if connection.vendor == "sqlite" else "gen_random_uuid()"
    if isinstance(field, models.CharField) and (field.unique or (model._meta.model_name, field.name) in UNIQUE_TEXT):
        return f"CASE WHEN {quoted} IS NULL THEN NULL ELSE {quoted} || '-' || n END"
    return quoted


@transaction.atomic
def grow(block, projects):
    """Copies of the block until there are so many projects of it (a multiple of a hundred); call it with rising numbers."""
    have, want = getattr(block, "copies", 1), projects // BLOCK
    if want <= have:
        return
    with connection.cursor() as cursor:
        for model, rows in block.made.items():
            fields, table = model._meta.concrete_fields, connection.ops.quote_name(model._meta.db_table)
            names = ", ".join(connection.ops.quote_name(field.column) for field in fields)
            copied = ", ".join(_copied(field, block, model) for field in fields)
            low = rows[0].pk
            cursor.execute(
                f"WITH RECURSIVE s(n) AS (SELECT {have} UNION ALL SELECT n + 1 FROM s WHERE n < {want - 1}) "
                f"INSERT INTO {table} ({names}) SELECT {copied} FROM s CROSS JOIN {table} t WHERE t.id BETWEEN {low} AND {low + len(rows) - 1}"
                if connection.vendor != "sqlite" else
                f"INSERT INTO {table} ({names}) WITH RECURSIVE s(n) AS (SELECT {have} UNION ALL SELECT n + 1 FROM s WHERE n < {want - 1}) "
                f"SELECT {copied} FROM s CROSS JOIN {table} t WHERE t.id BETWEEN {low} AND {low + len(rows) - 1}"
            )  # fmt: skip
            if connection.vendor != "sqlite":
                cursor.execute(f"SELECT setval(pg_get_serial_sequence('{model._meta.db_table}', 'id'), (SELECT max(id) FROM {table}))")
    block.copies = want


def settle():
    """What a database in use has done by itself: fresh statistics."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
