"""The life of a single-source purchase 单一来源采购 beside its tender, which stays a draft until the supplier is settled (B19, B20).

准备 draft: the one supplier is named, with the lawful case (政府采购法 第31条): only it can do it; an unforeseeable emergency; an addition of at most
a tenth to an earlier contract. That one bidder came is no proof of the first. 已论证 argued: experts with names and posts say why nobody else can.
公示中 publicized: from the open-tender threshold on the public is told for five working days before the approval; objections lead to a
supplementary argument within five working days, its conclusion told to whoever objected (实施条例 第38条). 已批准 approved: the finance bureau's
number and scan. 已约请 asked: nothing stands before the talks any more, so the supplier is asked for its sealed response (single_response.py). 已协商 negotiated: the response is open, people with the experience agreed price and terms, with how the price is made up and what comparable
things cost (财政部令第74号 第41、42条). 已成交 awarded: the leader settles it against the signed record; result notice and contract follow on the
purchase's page. 已终止 dropped: an objection was right, or no reasonable price was agreed.
Below the threshold argument, publicity and approval are not asked for: it goes from draft straight to the response. Where no threshold is
entered for the place they stay possible, for nobody can say that they are not needed.
"""

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock, files, rules, trail, workdays
from kernel.lifecycle import Life, Refusal, Step, advance
from kernel.money import ZERO, yuan
from kernel.notices import register
from kernel.rules import carries
from procurement import drafting, methods
from procurement.announcements import announce
from procurement.lifecycle import declaration, price_check
from procurement.lifecycle import lot as lots
from procurement.lifecycle import tender as tenders
from procurement.lifecycle.award import write_award
from procurement.models import Bid, Contract, SingleSource, SourceObjection, Tender
from procurement.permissions_tender import may_decide, may_handle_tender

EXPERTS = 3  # names and posts of three experts stand in the official form of the publicity (财办库〔2020〕50号)
register("source_objection", _("An objection to the publicity of “{title}” came in; the supplementary argument is due on {due}."))


def case_of(single):
    return single.tender.method_case


@carries("B20")
def needs_publicity(single):
    """Only a sole supplier, and only from the open-tender threshold on (实施条例 第38条)."""
    return case_of(single) == "sole" and drafting.open_tender_from(single.tender) is not None


def unknown_threshold(single):
    """Whether no open-tender threshold is entered for the place: publicity and approval are then possible, and nobody is told that they are not needed."""
    found = rules.threshold(single.tender.purchaser.place.code or "", "county")
    return found is None or found.open_tender is None


def may_publicize(single):
    return needs_publicity(single) or (case_of(single) == "sole" and unknown_threshold(single))


def may_be_approved(single):
    return drafting.open_tender_from(single.tender) is not None or unknown_threshold(single)


def _rule(single, rule_id):
    return methods.law(single.tender).get(rule_id)


def _arguable(single, actor):
    if case_of(single) != "sole":
        return Refusal("other_case", _("Only a sole supplier is argued by experts."), article=_rule(single, "B19").article, todo=_("Go on to the approval or the negotiation."))
    return None


def _publicizable(single, actor):
    if not may_publicize(single):
        return Refusal("not_needed", _("Below the open-tender threshold nothing is made public before."), article=_rule(single, "B20").article, todo=_("Negotiate with the supplier."))
    return drafting.objection_to_start(single.tender, approval=False)


def _open_objections(single):
    return [row for row in single.objections.all() if row.upheld is None]


def _reargued(single, actor):
    if not _open_objections(single):
        return Refusal("no_objection", _("No objection waits for a conclusion."))
    if clock.today() <= single.publicity_until:
        return Refusal("running", _("The publicity runs until {day}; objections are argued after it, all together.").format(day=single.publicity_until), article=_rule(single, "B20").article)
    return None


@carries("B20")
def _approvable(single, actor):
    """B20: no approval before the publicity is over and every objection has its conclusion."""
    if not may_be_approved(single):
        return Refusal("not_needed", _("Below the open-tender threshold no approval is asked for."), article=rules.get("A03").article, todo=_("Negotiate with the supplier."))
    article = _rule(single, "B20").article
    if single.status == "draft" and needs_publicity(single):
        return Refusal("no_publicity", _("From the open-tender threshold on a sole supplier is argued by experts and made public before the approval."), article=article, todo=_("Record the expert argument, then publish it."))
    return _publicity_over(single) if single.status == "publicized" else None


def _publicity_over(single):
    """Why the publicity keeps what follows waiting, or None: it runs, an objection has no conclusion, or one was right."""
    article = _rule(single, "B20").article
    if clock.today() <= single.publicity_until:
        return Refusal("publicity_running", _("The publicity runs until {day}; the approval is asked for after it.").format(day=single.publicity_until), article=article)
    if _open_objections(single):
        return Refusal("objections_open", _("Objections wait for the supplementary argument."), article=article, todo=_("Record its conclusion for each."))
    return _upheld(single)


def _upheld(single):
    if any(row.upheld for row in single.objections.all()):
        return Refusal("upheld", _("An objection was right: this supplier is not the only one."), article=_rule(single, "B20").article, todo=_("Stop this and buy by another method."))
    return None


def objection_to_talks(single, actor):
    """What stands before the talks, and before the supplier is asked for its response: approval, publicity, an addition too large, a tie; or None."""
    if single.status != "approved" and drafting.open_tender_from(single.tender) is not None:
        return Refusal("approval", _("From the open-tender threshold on the finance bureau approves before anybody negotiates."), article=rules.get("A03").article, todo=_("Record its approval."))
    if single.status == "publicized" and (refusal := _publicity_over(single)):
        return refusal
    return drafting.objection_to_start(single.tender) or objection_to_addition(single, single.amount) or _tied(single, actor)


def response_of(single):
    """The supplier's opened, valid response, or None."""
    return Bid.objects.filter(lot__tender=single.tender_id, status="opened").select_related("lot").first()


def _askable(single, actor):
    from procurement.lifecycle import single_response

    return single_response.objection(single, actor)


def _negotiable(single, actor):
    if single.status != "asked":
        outside = single.tender.venue == "external"
        return objection_to_talks(single, actor) or (None if outside else Refusal("not_asked", _("The supplier has not been asked for its response yet."), article=methods.of(single.tender).article, todo=_("Ask for it; it is opened where it is negotiated.")))
    if single.tender.status == "published":
        return Refusal("sealed", _("The supplier's response is not open yet."), article=rules.get("B27").article, todo=_("Open it once its time has run out, then negotiate."))
    if response_of(single) is None:
        return Refusal("no_response", _("The supplier has no valid response."), todo=_("Stop it and buy by another method."))
    return objection_to_addition(single, single.amount) or _tied(single, actor)


def _awardable(single, actor):
    if single.price is None:
        return Refusal("no_price", _("No price is agreed yet."))
    return objection_to_addition(single, single.price) or _tied(single, actor)


@carries("H01")
def _tied(single, actor):
    """Whoever negotiates or decides has declared, and has no tie to the one supplier (条例 第9条)."""
    if refusal := declaration.objection(single.tender, actor):
        return refusal
    if why := declaration.match(actor, [single.organization]):
        return Refusal("tie", _("{name} takes no part in this purchase: {why}.").format(name=actor, why=why), article=rules.get("H01").article, todo=_("A colleague of the same role, or a stand-in, takes the step."))
    return None


ARGUE = Step("argue", _("Record the expert argument"), ("draft",), "argued", may_handle_tender, _arguable, rules=("B19",), waits_for=_("handler"), hint=_("Three experts with names, employers and posts; their signed opinion as a scan."))
PUBLICIZE = Step("publicize", _("Publish the single-source publicity"), ("argued",), "publicized", may_handle_tender, _publicizable, rules=("B20",), waits_for=_("handler"), fits=may_publicize, hint=_("Everybody can read and object for five working days; only then the approval is asked for."))
OBJECT = Step("object", _("Record an objection"), ("publicized",), None, may_handle_tender, tone="secondary", rules=("B20",))
REARGUE = Step("reargue", _("Record the supplementary argument"), ("publicized",), None, may_handle_tender, _reargued, tone="secondary", fits=lambda single: bool(_open_objections(single)), rules=("B20",), hint=_("Its conclusion is told to whoever objected."))
APPROVE = Step("approve", _("Record the approval"), ("draft", "publicized"), "approved", may_handle_tender, _approvable, rules=("A03", "B20"), waits_for=_("finance bureau"), fits=may_be_approved)
ASK = Step("ask_response", _("Ask the supplier for its response"), ("draft", "argued", "publicized", "approved", "asked"), "asked", may_handle_tender, _askable, rules=("B19", "B27"), waits_for=_("handler"), hint=_("It gets the documents and answers sealed; nobody reads the response before its time has run out."))
NEGOTIATE = Step("negotiate", _("Record the negotiation"), ("draft", "argued", "publicized", "approved", "asked"), "negotiated", may_handle_tender, _negotiable, rules=("B19",), waits_for=_("handler"), hint=_("Who negotiated, what was agreed, how the price is made up and what comparable things cost."))
AWARD = Step("award", _("Settle the supplier"), ("negotiated",), "awarded", may_decide, _awardable, rules=("B19", "H05"), waits_for=_("leader in charge"), hint=_("Against the signed record; result notice and contract follow."))
DROP = Step("drop", _("Stop it"), ("draft", "argued", "publicized", "approved", "asked", "negotiated"), "dropped", may_handle_tender, needs_reason=True, tone="danger")

LIFE = Life(
    "singlesource", SingleSource,
    states={
        "draft": pgettext_lazy("single source", "being prepared"), "argued": pgettext_lazy("single source", "argued by experts"), "publicized": pgettext_lazy("single source", "made public"),
        "approved": pgettext_lazy("single source", "approved"), "asked": pgettext_lazy("single source", "response asked for"), "negotiated": pgettext_lazy("single source", "negotiated"), "awarded": pgettext_lazy("single source", "settled"), "dropped": pgettext_lazy("single source", "stopped"),
    },
    steps=(ARGUE, PUBLICIZE, OBJECT, REARGUE, APPROVE, ASK, NEGOTIATE, AWARD, DROP), root=lambda single: single.tender,
)  # fmt: skip
LIFE.verb_labels = {"name_supplier": _("supplier named")}


@carries("B19")
@transaction.atomic
def name_supplier(tender, *, actor, organization, amount, earlier=None):
    """Name the one supplier and the amount expected (yuan); may be changed while nothing was argued. `earlier`: the original contract of an addition.

    Raises Refusal: not a draft of this method, no lawful case, several lots, addition without its contract or above the tenth.
    """
    from providers.lifecycle.organization import objection_to_provider

    tender = Tender.objects.select_for_update().get(pk=tender.pk)
    drafting.check_handler(actor, tender)
    if tender.status != "draft" or methods.of(tender).entry != "single":
        raise Refusal("wrong_state", _("Only the draft of a single-source purchase names its supplier."))
    rule = methods.law(tender).get("B19")
    if methods.of(tender).case(tender.method_case) is None or not tender.method_reason.strip():
        raise Refusal("method_reason", _("Say in which lawful case “{method}” is used here, and why.").format(method=tender.get_method_display()), article=rule.article, todo=_("Edit the draft. One bidder having come does not prove that there is only one."))
    if tender.lots.count() != 1:
        raise Refusal("lots", _("One supplier, one lot: make a purchase of its own for each."), todo=_("Give this draft up and start with one project."))
    if refusal := objection_to_provider(organization, "bid"):
        raise refusal
    ceiling = tender.lots.get().ceiling
    if not 0 < amount <= ceiling:
        raise Refusal("over_ceiling", _("The price must lie above 0 and not above the ceiling of {ceiling} yuan.").format(ceiling=ceiling), article=rules.get("A11").article, field="amount")
    if earlier is not None:
        earlier = Contract.objects.select_for_update(of=("self",)).get(pk=earlier.pk)  # two additions named at once are counted one after the other
    single = SingleSource.objects.filter(tender=tender).first() or SingleSource(tender=tender, created_by=actor)
    if single.pk and single.status != "draft":
        raise Refusal("argued", _("The supplier is argued already; it is changed by stopping and starting anew."))
    single.organization, single.amount, single.earlier = organization, yuan(amount), earlier if tender.method_case == "addition" else None
    if refusal := objection_to_addition(single, single.amount):
        raise refusal
    single.save()
    trail.record(single, "name_supplier", actor=actor, to_status="draft", params={"organization": organization.pk, "amount": str(single.amount), "earlier": single.earlier_id})
    return single


def additions_to(contract, but=None):
    """What was added to a contract so far (yuan): its amendments and its settled or running single-source additions."""
    rows = SingleSource.objects.filter(earlier=contract).exclude(status="dropped")
    rows = rows.exclude(pk=but.pk) if but is not None and but.pk else rows
    return contract.addons + sum((row.price if row.price is not None else row.amount for row in rows), ZERO)


@carries("B19")
def objection_to_addition(single, amount):
    """B19: an addition goes to the supplier of the original contract, and all additions together stay within a tenth of it; or None."""
    if case_of(single) != "addition":
        return None
    rule, contract = methods.law(single.tender).get("B19"), single.earlier
    if contract is None:
        return Refusal("no_contract", _("Name the original contract of the addition."), article=rule.article, field="earlier")
    if contract.organization_id != single.organization_id or contract.purchaser_id != single.tender.purchaser_id or contract.signed_on is None:
        return Refusal("other_contract", _("The original contract is one your office signed with this supplier."), article=rule.article, field="earlier")
    before = additions_to(contract, but=single)
    most = yuan(contract.amount * Decimal(rule.value("addition_max")) / 100)
    if before + amount > most:
        return Refusal(
            "addition_max", _("All additions to {number} may come to {most} yuan; {before} yuan are added already, this one asks {amount}.").format(
                number=contract.number, most=f"{most:,.2f}", before=f"{before:,.2f}", amount=f"{amount:,.2f}"),
            article=rule.article, todo=_("Buy the rest by another method."), field="amount",
        )  # fmt: skip
    return None


@LIFE.verb(ARGUE)
@carries("B19")
@transaction.atomic
def argue(single, *, actor, argument, experts, file, happened_on=None, reason=""):
    """Experts say why only this supplier can do it. `experts`: at least three rows {name, post, employer}; `file`: their signed opinion."""
    rows = [{name: row[name].strip() for name in ("name", "post", "employer")} for row in experts if row.get("name")]
    if len({row["name"] for row in rows}) < EXPERTS or not all(all(row.values()) for row in rows):
        raise Refusal("experts", _("At least {count} experts, each with name, employer and post.").format(count=EXPERTS), article=_rule(single, "B20").article)
    if any(row["employer"] == single.organization.name for row in rows):
        raise Refusal("own_expert", _("An expert of the supplier itself does not argue for it."), article=rules.get("H02").article)
    day = happened_on or clock.today()
    single = advance(single, ARGUE, actor=actor, happened_on=happened_on, reason=reason, params={"experts": len(rows)}, changes={"argument": argument, "experts": rows, "argued_on": day})
    files.attach(single, file, "argument", actor=actor)
    return single


@LIFE.verb(PUBLICIZE)
@carries("B20")
@transaction.atomic
def publicize(single, *, actor):
    """单一来源公示: the fields of the official form, for the working days of the rule; everybody may object. Server time."""
    end = workdays.deadline(clock.today(), _rule(single, "B20"), "publicity")
    single = advance(single, PUBLICIZE, actor=actor, params={"until": end.date.isoformat()}, changes={"publicity_from": clock.today(), "publicity_until": end.date})
    announce("single", single.tender, actor=actor, until=end.date, single=single, method=methods.of(single.tender))
    return single


@LIFE.verb(OBJECT)
@carries("B20")
@transaction.atomic
def record_objection(single, *, actor, raised_by, text, happened_on=None, reason=""):
    """An objection that came within the publicity (what the paper says counts); the supplementary argument gets its due date."""
    from communities.permissions import people
    from kernel.notices import notify_all

    day = happened_on or clock.today()
    if day < single.publicity_from or day > single.publicity_until:
        raise Refusal("outside", _("Objections count from {first} to {last}.").format(first=single.publicity_from, last=single.publicity_until), article=_rule(single, "B20").article, field="happened_on")
    due = workdays.deadline(single.publicity_until, _rule(single, "B20"), "reexamination")
    single = advance(single, OBJECT, actor=actor, happened_on=happened_on, reason=reason, changes={"reargue_due_on": due.date})
    row = SourceObjection.objects.create(single=single, raised_by=raised_by.strip()[:80], received_on=day, text=text, recorded_by=actor)
    staff = people("handler", "leader", "supervisor", purchaser=single.purchaser_id)
    notify_all(staff, f"objection-{row.pk}", "source_objection", subject=single, url=single.get_absolute_url(), params={"title": single.tender.title, "due": due.date.isoformat()}, due=due.end)
    return single


@LIFE.verb(REARGUE)
@carries("B20")
@transaction.atomic
def reargue(single, *, actor, conclusions, told_on, file=None, happened_on=None, reason=""):
    """The supplementary argument: for each open objection {objection, upheld, conclusion}; `told_on`: when its author was told. A late one needs its reason."""
    single = advance(single, REARGUE, actor=actor, happened_on=happened_on, reason=reason, changes={"reargued_on": happened_on or clock.today()})
    if single.reargued_on > single.reargue_due_on and not reason.strip():
        raise Refusal("late", _("It was due on {day}; say why it is late.").format(day=single.reargue_due_on), article=_rule(single, "B20").article, field="reason")
    given = {row["objection"].pk: row for row in conclusions}
    for row in _open_objections(single):
        found = given.get(row.pk)
        if found is None or not found["conclusion"].strip():
            raise Refusal("conclusion", _("Each objection gets a conclusion: {name} waits.").format(name=row.raised_by), article=_rule(single, "B20").article, field="conclusion")
        row.upheld, row.conclusion, row.told_on = bool(found["upheld"]), found["conclusion"], told_on
        row.save()
    if file:
        files.attach(single, file, "argument", actor=actor)
    return single


@LIFE.verb(APPROVE)
@carries("A03", "B20")
@transaction.atomic
def approve(single, *, actor, number, file, happened_on=None, reason=""):
    """The finance bureau approved leaving the open tender: its number and scan are kept with the purchase (A03)."""
    day = happened_on or clock.today()
    single = advance(single, APPROVE, actor=actor, happened_on=happened_on, reason=reason, changes={"approved_on": day})
    if single.publicity_until and day <= single.publicity_until:
        raise Refusal("before_end", _("The approval can't be older than the end of the publicity, {day}.").format(day=single.publicity_until), article=_rule(single, "B20").article, field="happened_on")
    drafting.record_approval(single.tender, actor=actor, number=number, file=file)
    return single


def comparable_of(single):
    """What the price library says of the project's budget lines, as kept with the record: rows {name, unit, price, median, count}."""
    project = single.tender.lots.select_related("project__purchaser", "project__place").get().project
    return [
        {"name": row.line.name, "unit": row.line.unit, "price": str(row.line.price), "median": str(row.found.median), "count": row.found.count} for row in price_check.evidence(project) if row.found
    ]


@LIFE.verb(NEGOTIATE)
@carries("B19")
@transaction.atomic
def negotiate(single, *, actor, staff, place, matters, cost, evidence, terms, price, happened_on=None, reason=""):
    """协商情况记录: `staff` rows {name, experience}; price (yuan) with how it is made up, comparable prices, and the agreed terms."""
    people = [{"name": row["name"].strip(), "experience": row["experience"].strip()} for row in staff if row.get("name")]
    if not people or not all(row["experience"] for row in people):
        raise Refusal("staff", _("Name who negotiated, each with the experience for it."), article="财政部令第74号 第41条")
    lot = single.tender.lots.get()
    if not 0 < price <= lot.ceiling:
        raise Refusal("over_ceiling", _("The price must lie above 0 and not above the ceiling of {ceiling} yuan.").format(ceiling=lot.ceiling), article=rules.get("A11").article, field="price")
    single = advance(
        single, NEGOTIATE, actor=actor, happened_on=happened_on, reason=reason, params={"price": str(yuan(price))},
        changes={
            "staff": people, "place": place, "matters": matters, "cost": cost, "evidence": evidence, "terms": terms, "price": yuan(price), "negotiated_on": happened_on or clock.today(),
            "comparable": comparable_of(single),
        },
    )  # fmt: skip
    if refusal := objection_to_addition(single, single.price):
        raise refusal
    return single


@LIFE.verb(AWARD)
@carries("B19", "H05")
@transaction.atomic
def award(single, *, actor, file, happened_on=None, reason=""):
    """Settle the supplier against the signed record of the negotiation. The purchase becomes awarded. Two additions to one contract can't pass together."""
    if single.earlier_id:
        Contract.objects.select_for_update(of=("self",)).get(pk=single.earlier_id)  # the sum of its additions is asked again under this lock
    single = advance(single, AWARD, actor=actor, happened_on=happened_on, reason=reason, params={"organization": single.organization_id, "price": str(single.price)})
    files.attach(single, file, "negotiation", actor=actor)
    bid = response_of(single)
    if bid is None and (refusal := drafting.objection_to_start(single.tender)):
        raise refusal
    tender = advance(single.tender, tenders.SETTLE, actor=actor, happened_on=happened_on, params={"method": "single_source"})
    if bid is None:
        tender.frozen = methods.snapshot(tender)
        tender.save(update_fields=["frozen"])
    else:
        Bid.objects.filter(pk=bid.pk).update(rank=1, final_price=single.price)
    lot = advance(tender.lots.select_related("project__purchaser", "project__place").get(), lots.SETTLE, actor=actor, happened_on=happened_on)
    lot.tender = tender
    write_award(lot, single.organization, single.price, actor=actor, decided_on=happened_on or clock.today(), reason=single.matters, bid=bid)
    from procurement.lifecycle.project import mark_sourcing

    if lot.project.status == "approved":
        mark_sourcing(lot.project, actor=actor)
    return single


@LIFE.verb(DROP)
@transaction.atomic
def drop(single, *, actor, reason):
    """Stop it: an objection was right, no response came, or no reasonable price was agreed. Its project is free again; once the supplier was
    asked, the end is announced."""
    single = advance(single, DROP, actor=actor, reason=reason)
    end = tenders.cancel if single.tender.status == "draft" else tenders.fail
    end(single.tender, actor=actor, reason=reason)
    return single
