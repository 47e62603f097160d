"""What a panel finds, asks and decides: the check by majority, facts, blind judging, corrections, deductions, what does not apply."""

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from evaluation.lifecycle import claims, conclusion, conformity, panel, questions, seats, sheets
from evaluation.models import ConformityVote, Panel, Score
from kernel import clock, rules
from procurement.lifecycle import evaluation_terms
from procurement.lifecycle import tender as tenders
from procurement.models import Bid, EvaluationTerms, QualificationVerdict, Tender
from providers.models import Organization
from tests.factories import projects
from tests.factories.tenders import (
    check_all,
    form_panel,
    make_draft,
    make_panel,
    make_tender,
    quote_all,
    score_all,
    talk_all,
)
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db
MINUTES = clock.datetime.timedelta


def opened(terms=None, **kwargs):
    """A purchase opened, with rules of judging as its documents state them."""
    walk = make_tender(state="opened", **kwargs)
    if terms:
        EvaluationTerms.objects.create(tender=walk.tender, **terms)
    walk.tender = Tender.objects.get(pk=walk.tender.pk)
    return walk


class TestConformity:
    def test_the_majority_decides_and_the_minority_is_on_record(self):
        walk = opened({"essentials": "服务期限满足要求\n配备专职社工三人"})
        sitting = panel.start(form_panel(walk.tender, walk.office), actor=walk.office.handler)
        assert sitting.status == "checking" and conformity.requirements(sitting)[1:] == ["服务期限满足要求", "配备专职社工三人"]
        one, two, three = sitting.sitting()
        bad, split, good = seats.valid_bids(sitting)
        against = {bad.pk: (one, two, three), split.pk: (three,)}
        refused("not_scoring", sheets.score, sitting, actor=one.user, points={})
        for member in (one, two, three):
            for bid in (bad, split, good):
                no = member in against.get(bid.pk, ())
                refused("reason_missing", conformity.find, sitting, bid, actor=member.user, findings={2: (False, " ")})
                conformity.find(sitting, bid, actor=member.user, findings={0: (True, ""), 1: (True, "")})
                if member is one and bid is bad:
                    refused("incomplete", conformity.hand_in, sitting, actor=member.user)
                conformity.find(sitting, bid, actor=member.user, findings={2: (not no, "只配备两人" if no else "")})
            if member is not three:
                conformity.hand_in(sitting, actor=member.user)
        refused("waiting", panel.begin, sitting, actor=one.user)
        conformity.hand_in(sitting, actor=three.user)
        refused("handed_in", conformity.find, sitting, good, actor=three.user, findings={0: (True, "")})
        sitting = panel.begin(sitting, actor=one.user)
        bad.refresh_from_db()
        assert bad.status == "invalid" and "配备专职社工三人：只配备两人" in bad.invalid_reason
        assert {bid.pk for bid in seats.valid_bids(sitting)} == {split.pk, good.pk}
        kept = next(row for row in sitting.conformity["bids"] if row["bid"] == split.pk)["rows"][2]
        assert kept["meets"] and (kept["for"], kept["against"]) == (2, 1) and kept["dissent"] == [{"member": str(three.user), "reason": "只配备两人"}]
        assert QualificationVerdict.objects.filter(passed=True, by_panel=True).count() == 3

    def test_the_panel_judges_the_qualification_of_a_consultation(self):
        walk = opened()
        sitting = panel.start(form_panel(walk.tender, walk.office), actor=walk.office.handler)
        assert conformity.requirements(sitting)[0] == conformity.QUALIFIED
        bids = list(seats.valid_bids(sitting))
        for member in sitting.sitting():
            for bid in bids:
                unfit = bid == bids[0]
                conformity.find(sitting, bid, actor=member.user, findings={0: (not unfit, "登记证书过期" if unfit else ""), 1: (True, "")})
            conformity.hand_in(sitting, actor=member.user)
        panel.begin(sitting, actor=walk.office.handler)
        bids[0].refresh_from_db()
        assert bids[0].status == "invalid" and "登记证书过期" in bids[0].invalid_reason and not bids[0].verdicts.get().passed

    @pytest.mark.rule("B10")
    def test_too_few_left_stops_it(self):
        walk = opened()
        sitting = panel.start(form_panel(walk.tender, walk.office), actor=walk.office.handler)
        failing = [bid.pk for bid in seats.valid_bids(sitting)][:2]
        check_all(sitting, but=failing)
        refused("too_few", panel.begin, sitting, actor=walk.office.handler)
        assert Bid.objects.filter(pk__in=failing, status="opened").count() == 2  # refused: nothing was written


class TestFacts:
    ITEMS = (
        {"kind": "price", "name": "报价", "points": Decimal(20), "number": "1"},
        {"kind": "group", "name": "商务", "points": None, "number": "2"},
        {"kind": "objective", "name": "同类合同", "points": Decimal(15), "number": "2.1", "scale": "每个 5"},
        {"kind": "objective", "name": "评估等级", "points": Decimal(5), "number": "2.2", "scale": "5A 5；4A 3"},
        {"kind": "subjective", "name": "方案", "points": Decimal(60), "number": "3", "scale": "优 41-60；良 21-40；一般 0-20；步长 0.5"},
    )

    def test_points_follow_from_facts_and_stay_in_levels(self):
        walk = opened()
        tenders._write_items(walk.tender, self.ITEMS)
        Organization.objects.filter(pk=walk.bids[0].organization_id).update(grade="4A")
        Organization.objects.filter(pk=walk.bids[1].organization_id).update(grade="5A", grade_until=walk.tender.deadline.date() - MINUTES(days=1))
        sitting = make_panel(walk.tender, walk.office)
        one = sitting.sitting()[0]
        contracts, grade, plan = panel.judged_items(sitting)
        bids = {bid.pk: bid for bid in seats.valid_bids(sitting)}
        first, second = (bids[bid.pk] for bid in walk.bids[:2])
        for wrong, code in ((Decimal("40.5"), "level"), (Decimal("30.2"), "step"), (Decimal("60.5"), "range")):
            refused(code, sheets.score, sitting, actor=one.user, points={(first.pk, plan.pk): wrong})
        refused("fact", sheets.score, sitting, actor=one.user, facts={(first.pk, contracts.pk): "许多"})
        sheets.score(sitting, actor=one.user, points={(first.pk, plan.pk): Decimal("30.5"), (first.pk, contracts.pk): Decimal(1)}, facts={(first.pk, contracts.pk): "4"})
        kept = {(row.bid_id, row.item_id): (row.points, row.fact) for row in Score.objects.filter(member=one)}
        assert kept[first.pk, contracts.pk] == (15, "4") and kept[first.pk, plan.pk] == (Decimal("30.50"), "")
        assert kept[first.pk, grade.pk] == (3, "4A") and kept[second.pk, grade.pk] == (0, "")  # the other's 5A had run out at the deadline

    def test_a_tree_and_scales_that_make_no_sense_are_refused(self):
        office = projects.make_office()
        draft = make_draft(office)
        groups = {"kind": "group", "name": "商务", "points": None, "number": "2"}
        leaf = {"kind": "objective", "name": "证书", "points": Decimal(5), "number": "2.1"}
        for rows, code in (
            ([leaf], "no_parent"), ([groups, leaf, leaf], "number_twice"), ([{**leaf, "number": "2"}, leaf], "scored_parent"), ([{**leaf, "number": "", "scale": "随便"}], "scale"),
            ([{**leaf, "number": "", "scale": "5A 8"}], "scale"), ([{**leaf, "number": "", "kind": "subjective", "scale": "每个 1"}], "scale"), ([{**leaf, "number": "", "scale": "优 5-3"}], "scale"),
        ):  # fmt: skip
            refused(code, tenders.edit, draft, actor=office.handler, score_items=rows)
        tenders.edit(draft, actor=office.handler, score_items=[groups, leaf])
        assert draft.score_items.get(name="证书").parent.name == "商务" and draft.score_items.get(name="商务").points == 0


class TestWaiving:
    def test_what_does_not_apply_is_never_zero(self):
        walk = opened()
        sitting = make_panel(walk.tender, walk.office)
        one, two, three = sitting.sitting()
        plan, contracts = panel.judged_items(sitting)
        with pytest.raises(PermissionDenied):
            sheets.waive(sitting, contracts, actor=two.user, reason="无需", agreed=[one, two, three])
        refused("majority", sheets.waive, sitting, contracts, actor=one.user, reason="首次开展", agreed=[one])
        refused("reason_missing", sheets.waive, sitting, contracts, actor=one.user, reason=" ", agreed=[one, two])
        sheets.waive(sitting, contracts, actor=one.user, reason="此类服务首次开展，无同类合同", agreed=[one, two])
        sitting = Panel.objects.get(pk=sitting.pk)
        assert panel.judged_items(sitting) == [plan]
        refused("last_item", sheets.waive, sitting, plan, actor=one.user, reason="x", agreed=[one, two])
        score_all(sitting, lambda number, item: 45 - number)
        sitting = conclusion.conclude(sitting, actor=one.user, report="一项不适用")
        line = sitting.result["lots"][0]["lines"]
        judged = {row["bid"]: row["judged"] for row in line}
        assert [judged[bid.pk] for bid in seats.valid_bids(sitting)] == ["60.00", "58.67", "57.33"]  # 45, 44, 43 of 60 as of 80

    def test_not_after_a_sheet_is_in(self):
        walk = opened()
        sitting = make_panel(walk.tender, walk.office)
        one, two, _three = sitting.sitting()
        item = panel.judged_items(sitting)[1]
        score_all(sitting)
        refused("handed_in_by_some", sheets.waive, sitting, item, actor=one.user, reason="晚了", agreed=[one, two])


class TestBlind:
    def test_names_are_not_known_before_the_blind_part_is_in(self, client):
        walk = opened({"blind": True})
        sitting = make_panel(walk.tender, walk.office, talked=False)
        one = sitting.sitting()[0]
        plan, contracts = panel.judged_items(sitting)
        bids = list(seats.valid_bids(sitting))
        letters = sheets.aliases(sitting, bids)
        client.force_login(one.user)
        overview = client.get(reverse("score_sheet", args=[sitting.pk])).content.decode()
        page = client.get(reverse("score_bid", args=[sitting.pk, "A"])).content.decode()
        for told in (overview, page):
            assert not any(provider.organization.name in told for provider in walk.providers)
        assert "每周开展两次活动" in page and not any(f"/{word}/{bid.pk}/" in page for bid in bids for word in ("responses", "scores"))
        assert client.get(reverse("score_bid", args=[sitting.pk, bids[0].pk])).status_code == 404
        assert "每周开展两次活动" not in client.get(reverse("panel_response", args=[sitting.pk, bids[0].pk])).content.decode()
        refused("blind", sheets.score, sitting, actor=one.user, points={(bids[0].pk, contracts.pk): Decimal(5)})
        refused("incomplete", sheets.hand_in_blind, sitting, actor=one.user)
        for bid in bids:
            assert client.post(reverse("score_bid", args=[sitting.pk, letters[bid.pk]]), {f"i{plan.pk}": "30"}).status_code == 302
        refused("blind", sheets.submit_scores, sitting, actor=one.user)
        client.post(reverse("score_sheet", args=[sitting.pk]))
        one.refresh_from_db()
        assert one.blind_done_at and one.submitted_at is None
        refused("blind", sheets.score, sitting, actor=one.user, points={(bids[0].pk, plan.pk): Decimal(31)})
        told = client.get(reverse("score_bid", args=[sitting.pk, bids[0].pk])).content.decode()
        assert bids[0].organization.name in told
        for bid in bids:
            client.post(reverse("score_bid", args=[sitting.pk, bid.pk]), {f"i{contracts.pk}": "10"})
        refused("not_talked", sheets.submit_scores, sitting, actor=one.user)  # a talk has names: it comes after all judged blind, and points after the talks
        sitting.members.filter(blind_done_at=None).update(blind_done_at=clock.now())
        talk_all(sitting)
        client.post(reverse("score_sheet", args=[sitting.pk]))
        one.refresh_from_db()
        assert one.submitted_at and Score.objects.filter(member=one).count() == 6

    def test_letters_differ_from_panel_to_panel_and_names_are_taken_out(self):
        walk = opened({"blind": True})
        bids = list(seats.valid_bids(Panel(tender=walk.tender)))
        orders = {tuple(sheets.aliases(Panel(pk=1, alias_salt=str(number)), bids).items()) for number in range(30)}
        assert len(orders) > 1
        organization = bids[0].organization
        text = f"{organization.name}将派{organization.contact_name}，电话{organization.contact_phone}。"
        assert sheets.without_names(text, organization) == "＊＊＊将派＊＊＊，电话＊＊＊。"


class TestExtremes:
    @pytest.mark.rule("C12")
    def test_far_from_the_others_needs_a_note(self):
        walk = opened({"note_gap": 20})
        sitting = make_panel(walk.tender, walk.office)
        one, two, three = sitting.sitting()
        plan, contracts = panel.judged_items(sitting)
        bids = list(seats.valid_bids(sitting))
        for member, points in ((one, 30), (two, 31), (three, 45)):
            sheets.score(sitting, actor=member.user, points={(bid.pk, item.pk): Decimal(points if item == plan else 5) for bid in bids for item in (plan, contracts)})
            sheets.submit_scores(sitting, actor=member.user)
        found = refused("extreme", conclusion.conclude, sitting, actor=one.user)
        assert str(three.user) in str(found)
        sheets.reopen_scores(sitting, three, actor=one.user, reason="评分畸高")
        sheets.score(sitting, actor=three.user, remarks={(bid.pk, plan.pk): "方案有突出的创新" for bid in bids})
        sheets.submit_scores(sitting, actor=three.user)
        assert conclusion.conclude(sitting, actor=one.user, report="已说明").status == "concluded"


class TestCorrections:
    @pytest.mark.rule("C07")
    def test_confirmed_it_counts_refused_it_ends(self):
        walk = opened()
        sitting = make_panel(walk.tender, walk.office, quoted=False)
        leader = sitting.sitting()[0].user
        first, second, _third = (next(row for row in seats.valid_bids(sitting) if row.pk == bid.pk) for bid in walk.bids)
        lines = [{"name": "社工", "quantity": Decimal(10), "unit_price": Decimal(23000)}]
        until = clock.now() + MINUTES(minutes=30)
        refused("agrees", questions.propose_correction, sitting, first, actor=leader, until=until)
        refused("over_ceiling", questions.propose_correction, sitting, first, actor=leader, until=until, words=Decimal(300001))
        asked = questions.propose_correction(sitting, first, actor=leader, until=until, lines=lines)
        assert asked.figures["after"] == "230000.00" and [step["code"] for step in asked.figures["steps"]] == ["sum"]
        refused("confirmed", questions.answer_question, asked, actor=walk.providers[0].user)
        questions.answer_question(asked, actor=walk.providers[0].user, confirmed=True)
        first.refresh_from_db()
        assert first.amount == 230000 and first.price == 250000
        refused("not_refused", questions.reject_unconfirmed, asked, actor=leader)
        other = questions.propose_correction(sitting, second, actor=leader, until=until, words=Decimal(241000))
        quote_all(walk.tender, walk.office)
        score_all(sitting)
        refused("correction", conclusion.conclude, sitting, actor=leader)
        questions.reject_unconfirmed(other, actor=leader)
        second.refresh_from_db()
        assert second.status == "invalid" and "算术修正" in second.invalid_reason
        sitting = conclusion.conclude(sitting, actor=leader, report="修正")
        assert {line["bid"]: line["quote"] for line in sitting.result["lots"][0]["lines"]}[first.pk] == "230000.00"


class TestDeduction:
    @pytest.mark.rule("C09", "C10", mutate=("C09.deduction_min",))
    def test_only_a_small_enterprise_with_its_declaration(self):
        walk = opened()
        small, social, medium = (bid.organization for bid in walk.bids)
        Organization.objects.filter(pk=small.pk).update(kind="company", size="micro")
        Organization.objects.filter(pk=medium.pk).update(kind="company", size="medium")
        sitting = make_panel(walk.tender, walk.office)
        leader = sitting.sitting()[0].user
        score_all(sitting)
        found = refused("claim", conclusion.conclude, sitting, actor=leader)
        assert small.name in str(found)
        bids = {bid.organization_id: bid for bid in seats.valid_bids(sitting)}
        with pytest.raises(PermissionDenied):
            claims.decide_claim(sitting, bids[small.pk], actor=walk.office.handler, declared=True)
        assert claims.decide_claim(sitting, bids[small.pk], actor=leader, declared=False).percent == 0
        assert claims.decide_claim(sitting, bids[small.pk], actor=leader, declared=True).percent == 10
        assert claims.decide_claim(sitting, bids[social.pk], actor=leader, declared=True).percent == 0
        assert claims.decide_claim(sitting, bids[medium.pk], actor=leader, declared=True, small_share=Decimal(30)).percent == 4
        sitting = conclusion.conclude(sitting, actor=leader, report="价格扣除")
        lines = {line["bid"]: line for line in sitting.result["lots"][0]["lines"]}
        assert lines[bids[small.pk].pk]["review"] == "225000.00" and lines[bids[small.pk].pk]["price"] == "20.00"
        assert Bid.objects.get(pk=bids[small.pk].pk).amount == 250000  # the contract price is untouched
        assert lines[bids[medium.pk].pk]["review"] == "249600.00"

    @pytest.mark.rule("C09", mutate=("deduction_max", "consortium_min"))
    def test_the_documents_choose_within_the_bounds(self):
        office = projects.make_office()
        draft = make_draft(office)
        rule = rules.get("C09")
        for fields in ({"deduction": Decimal("20.5")}, {"deduction": Decimal(9)}, {"partial_deduction": Decimal("3.9")}, {"partial_deduction": Decimal(7)}):
            found = refused("deduction", evaluation_terms.set_terms, draft, actor=office.handler, **fields)
            assert rule.article in str(found) and found.field in fields
        assert evaluation_terms.deductions_of(draft) == (10, 4)
        evaluation_terms.set_terms(draft, actor=office.handler, deduction=Decimal(20), partial_deduction=Decimal(4))
        assert evaluation_terms.deductions_of(Tender.objects.get(pk=draft.pk)) == (20, 4)
        evaluation_terms.set_terms(Tender.objects.get(pk=draft.pk), actor=office.handler, reserved=True)
        assert evaluation_terms.deductions_of(Tender.objects.get(pk=draft.pk)) == (0, 0)
        with pytest.raises(PermissionDenied):
            evaluation_terms.set_terms(draft, actor=office.leader, blind=True)

    @pytest.mark.rule("C08", mutate=("share_max", "mean_share"))
    def test_low_shares_may_only_be_raised(self):
        office = projects.make_office()
        draft = make_draft(office)
        for fields in ({"low_mean": Decimal(49)}, {"low_ceiling": Decimal("65.5")}, {"low_second": Decimal(66)}):
            refused("low_share", evaluation_terms.set_terms, draft, actor=office.handler, **fields)
        evaluation_terms.set_terms(draft, actor=office.handler, low_mean=Decimal(50), low_ceiling=Decimal(65))

    def test_nothing_changes_after_publication(self):
        walk = make_tender(state="published")
        refused("published", evaluation_terms.set_terms, walk.tender, actor=walk.office.handler, blind=True)


class TestByPrice:
    @pytest.mark.rule("C06", "B16")
    def test_a_negotiation_ranks_by_the_lowest_final_quote(self):
        walk = make_tender(state="opened", method="negotiation", method_case="complex", items=None)
        sitting = make_panel(walk.tender, walk.office, quoted=False)
        one, two, three = walk.bids
        assert panel.judged_items(sitting) == []
        quote_all(walk.tender, walk.office, prices={one.pk: Decimal(230000), two.pk: Decimal(235000), three.pk: Decimal(228000)})
        sitting = conclusion.conclude(sitting, actor=walk.office.handler, report="最低价成交")
        lines = sitting.result["lots"][0]["lines"]
        assert [line["bid"] for line in lines] == [three.pk, one.pk, two.pk] and {line["total"] for line in lines} == {""}
        assert list(Bid.objects.order_by("rank").values_list("pk", "score")) == [(three.pk, None), (one.pk, None), (two.pk, None)]


def test_findings_are_each_members_own():
    walk = opened()
    sitting = panel.start(form_panel(walk.tender, walk.office), actor=walk.office.handler)
    bid = seats.valid_bids(sitting)[0]
    for person in (walk.office.handler, walk.providers[0].user):
        with pytest.raises(PermissionDenied):
            conformity.find(sitting, bid, actor=person, findings={0: (True, "")})
    assert not ConformityVote.objects.exists()
