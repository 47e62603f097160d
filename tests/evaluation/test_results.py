"""A result is what its stored inputs give; it changes only beside the first, for the law's reasons; members sign it, experts are paid."""

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from evaluation.lifecycle import conclusion, fees, names, panel, results, seats, signing
from evaluation.models import ExpertFee, Panel, ResultVersion, Score
from kernel import clock, registry, trail
from kernel.models.access import AccessLog
from procurement.lifecycle import award
from procurement.models import Bid, Tender
from tests.factories import projects
from tests.factories.projects import join, make_user
from tests.factories.tenders import hours, make_panel, make_tender, score_all
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def walk():
    made = make_tender(state="evaluated")
    made.leader = made.panel.sitting().get(is_leader=True).user
    return made


@pytest.mark.rule("C03", "C04")
def test_recomputing_gives_the_stored_result(walk):
    version = walk.panel.versions.get()
    again, same = results.recompute(version)
    assert same and again == walk.panel.result["lots"] and version.kind == "first"
    forged = version.result
    forged["lots"][0]["lines"][0]["total"] = "99.00"
    assert results.recompute(ResultVersion(inputs=version.inputs, result=forged))[1] is False
    Score.objects.update(points=0)  # what is stored does not hang on rows that could be touched
    Bid.objects.update(final_price=1)
    assert results.recompute(ResultVersion.objects.get())[1] is True


@pytest.mark.rule("C12")
def test_a_change_stands_beside_the_first_for_a_lawful_reason_only(walk):
    sitting, handler = walk.panel, walk.office.handler
    before = sitting.result["lots"]
    last = Bid.objects.get(rank=3)
    member, item = sitting.sitting().first(), panel.judged_items(sitting)[0]
    cell = {(member.pk, last.pk, item.pk): Decimal(60)}
    refused("reason_unknown", results.revise, sitting, actor=handler, kind="extreme", reason="评分畸低", scores=cell)  # a tender's reason
    refused("reason_missing", results.revise, sitting, actor=handler, kind="price", reason=" ", scores=cell)
    refused("range", results.revise, sitting, actor=handler, kind="price", reason="录入错误", scores={(member.pk, last.pk, item.pk): Decimal(61)})
    refused("unchanged", results.revise, sitting, actor=handler, kind="price", reason="无变化")
    for person in (walk.office.leader, walk.providers[0].user):
        with pytest.raises(PermissionDenied):
            results.revise(sitting, actor=person, kind="price", reason="x", scores=cell)
    version = results.revise(sitting, actor=handler, kind="price", reason="最后报价录入错误", prices={last.pk: Decimal(100000)})
    assert version.number == 2 and version.needs_report and sitting.versions.get(number=1).result["lots"] == before
    sitting.refresh_from_db()
    assert results.recompute(version)[1] and sitting.result["lots"] == version.result["lots"] != before
    last.refresh_from_db()
    assert last.rank == 1 and last.score == Decimal(next(line["total"] for line in version.result["lots"][0]["lines"] if line["bid"] == last.pk)) and last.amount == 100000
    tasks = [task for task in registry.tasks_for(handler) if "财政" in str(task.action) or "finance" in str(task.action)]
    assert tasks and tasks[0].url == reverse("panel_results", args=[sitting.pk])
    refused("future", results.report_change, version, actor=handler, number="锦财报1号", reported_on=clock.today() + clock.datetime.timedelta(days=1), file=projects.scan())
    results.report_change(version, actor=handler, number="锦财报1号", reported_on=clock.today(), file=projects.scan())
    refused("reported", results.report_change, version, actor=handler, number="再报", reported_on=clock.today(), file=projects.scan())
    assert not [task for task in registry.tasks_for(handler) if task.url == reverse("panel_results", args=[sitting.pk])]


@pytest.mark.rule("D14", "C12")
def test_a_response_that_falls_leaves_a_new_ranking(walk):
    sitting, handler = walk.panel, walk.office.handler
    hours()
    award.decide_award(walk.lot, actor=walk.office.leader)
    winner = Bid.objects.get(rank=1)
    refused("award_stands", results.drop, sitting, winner, actor=handler, kind="refused", reason="放弃成交")
    lot = award.decline(walk.tender.lots.get(), actor=walk.office.leader, reason="放弃成交")
    refused("document", results.drop, sitting, winner, actor=handler, kind="challenge", reason="质疑成立")
    version = results.drop(sitting, winner, actor=handler, kind="refused", reason="书面放弃成交")
    lines = version.result["lots"][0]["lines"]
    assert len(lines) == 2 and winner.pk not in {line["bid"] for line in lines} and version.result["lots"][0]["base"] == min(line["review"] for line in lines)
    assert list(Bid.objects.exclude(rank=None).order_by("rank").values_list("pk", flat=True)) == [line["bid"] for line in lines]
    refused("gone", results.drop, sitting, winner, actor=handler, kind="refused", reason="再来")
    award.decide_award(lot, actor=walk.office.leader)
    assert trail.rows_of(Tender.objects.get(pk=walk.tender.pk)).filter(verb="rerank").exists()
    assert all(results.recompute(row)[1] for row in sitting.versions.all())


def test_members_sign_or_dissent_and_silence_is_agreement(walk):
    sitting = walk.panel
    one, two, three = sitting.sitting()
    with pytest.raises(PermissionDenied):
        signing.sign(sitting, actor=walk.office.handler)
    signing.sign(sitting, actor=one.user)
    refused("signed", signing.sign, sitting, actor=one.user)
    signing.sign(sitting, actor=two.user, dissent="第二名的方案更优")
    assert [state for _member, state in signing.signatures(Panel.objects.get(pk=sitting.pk))] == ["signed", "dissent", "open"]
    with pytest.raises(PermissionDenied):
        signing.end_signing(sitting, actor=two.user)
    signing.end_signing(sitting, actor=one.user)
    assert [state for _member, state in signing.signatures(Panel.objects.get(pk=sitting.pk))] == ["signed", "dissent", "silent"]
    refused("signed", signing.sign, sitting, actor=three.user)


@pytest.mark.rule("B27")
def test_names_are_secret_until_the_result_and_looks_are_on_record(walk, client):
    handler, experts = walk.office.handler, [str(member.user) for member in walk.panel.sitting()]
    client.force_login(handler)
    page = client.get(walk.panel.get_absolute_url()).content.decode()
    assert not any(name in page for name in experts)
    address = reverse("panel_names", args=[walk.panel.pk])
    assert client.post(address, {"purpose": ""}).status_code == 422 and not AccessLog.objects.exists()
    told = client.post(address, {"purpose": "通知评审时间"}).content.decode()
    assert all(name in told for name in experts) and AccessLog.objects.get().who == handler
    client.force_login(walk.office.leader)
    assert client.get(address).status_code == 403
    hours()
    award.decide_award(walk.lot, actor=walk.office.leader)
    award.publish_result(Tender.objects.get(pk=walk.tender.pk), actor=handler)
    client.force_login(handler)
    assert names.are_open(Panel.objects.get(pk=walk.panel.pk)) and experts[0] in client.get(walk.panel.get_absolute_url()).content.decode()


def test_fees_by_the_rates_and_never_for_own_staff(client):
    walk = make_tender(state="opened")
    sitting = make_panel(walk.tender, walk.office)
    one, two, _three = sitting.sitting()
    handler = walk.office.handler
    fee = fees.set_fee(sitting, one, actor=handler, session="half", overtime=Decimal("1.5"), travel=Decimal("36.5"))
    assert (fee.base, fee.overtime_pay, fee.amount) == (300, 75, Decimal("411.50"))
    assert fees.set_fee(sitting, one, actor=handler, session="days", days=Decimal("1.5")).amount == 750 and ExpertFee.objects.count() == 1
    refused("travel", fees.set_fee, sitting, one, actor=handler, session="day", travel=Decimal(201))
    join(two.user, "section", purchaser=walk.office.purchaser)
    refused("own_staff", fees.set_fee, sitting, two, actor=handler, session="day")
    with pytest.raises(PermissionDenied):
        fees.set_fee(sitting, one, actor=one.user, session="day")
    rows, total = fees.sheet(sitting)
    assert total == 750 and [row.member for row in rows] == [one]
    client.force_login(handler)
    page = client.get(reverse("panel_fees", args=[sitting.pk])).content.decode()
    assert "750.00" in page and client.get(reverse("panel_fees", args=[sitting.pk]) + "?pdf=1").content[:4] == b"%PDF"


def test_the_report_holds_everything_behind_the_result(walk, client):
    client.force_login(walk.leader)
    page = client.get(reverse("panel_sign", args=[walk.panel.pk])).content.decode()
    assert all(provider.organization.name in page for provider in walk.providers)
    paper = client.get(reverse("panel_report", args=[walk.panel.pk]))
    assert paper["Content-Type"] == "application/pdf" and paper.content[:4] == b"%PDF"
    from django.template.loader import render_to_string

    from evaluation.papers import report_context

    text = render_to_string("documents/evaluation_report.html", report_context(walk.panel))
    record = walk.panel.draw_record
    assert record["seed"] in text and record["digest"] in text and "现场报数" in text
    assert text.count("符合") > 3 and "第 1 轮" in text and "评审基准价" in text and "待签署" in text
    for member in walk.panel.sitting():
        assert str(member.user) in text
    for score in Score.objects.all()[:3]:
        assert str(score.points) in text


def test_sheets_of_others_only_once_all_are_in(client):
    walk = make_tender(state="opened")
    sitting = make_panel(walk.tender, walk.office)
    one = sitting.sitting().first()
    address = reverse("panel_sheets", args=[sitting.pk])
    client.force_login(one.user)
    assert client.get(address).status_code == 302
    score_all(sitting)
    page = client.get(address).content.decode()
    assert all(str(member.user) in page for member in sitting.sitting())
    for person in (walk.office.handler, make_user("路人")):
        client.force_login(person)
        assert client.get(address).status_code in (403, 404)
    conclusion.conclude(sitting, actor=one.user, report="结束")
    client.force_login(walk.office.handler)
    assert client.get(address).status_code == 200 and list(seats.valid_bids(sitting))
