"""Before a statutory purchase: needs survey, published intention, reviews by others than the authors."""

import datetime
import io
from decimal import Decimal

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kernel import clock
from procurement.lifecycle import completeness, intention, review, survey, tender
from procurement.models import DocumentReview, Intention, MarketSurvey
from tests.factories.projects import make_item, make_office, make_project, scan
from tests.factories.tenders import ANSWERS, ITEMS, make_draft, make_survey, make_tender
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


@pytest.fixture
def office():
    return make_office()


def bare(office, **fields):
    """A statutory draft without survey and reviews."""
    facts = {"method_reason": "政府购买服务项目", "plan_number": "采计1号", "intention_on": clock.today() - 40 * DAY, "requirements": "按方案服务。", "qualification": "依法登记。", **fields}
    return tender.create_tender([make_project(office, "approved", 300000)], actor=office.handler, score_items=ITEMS, **facts)


def ask(office, row, answers=ANSWERS, **fields):
    facts = {"title": "供给与价格", "held_on": clock.today(), "result": "供给充足。", **fields}
    return survey.record_survey(row, actor=office.handler, answers=answers, **facts)


@pytest.mark.rule("A06", mutate="respondents")
def test_three_market_bodies_are_asked_fewer_with_a_reason(office):
    row = make_project(office, "ready")
    assert refused("too_few", ask, office, row, ANSWERS[:2]).field == "fewer_reason"
    assert ask(office, row, ANSWERS).answers.count() == 3
    other = make_project(office, "ready")
    assert ask(office, other, ANSWERS[:1], fewer_reason="县域内仅有一家").fewer_reason
    refused("too_few", ask, office, other, [], fewer_reason="没有")
    refused("future", ask, office, other, held_on=clock.today() + DAY)


@pytest.mark.rule("A06", mutate=("reuse=-12", "reuse=12"))
def test_a_survey_may_be_used_for_a_year_for_the_same_item(office, client):
    first, second = make_project(office, "ready"), make_project(office, "ready")
    held = ask(office, first, held_on=clock.today() - 200 * DAY)
    assert survey.reusable(second) == [held]
    client.force_login(office.handler)
    address = reverse("project_survey", args=[second.pk])
    assert held.title in client.get(address).content.decode()
    assert client.post(address, {"survey": held.pk}).status_code == 302
    assert survey.survey_of(second) == held
    other = make_project(office, "ready", item=make_item("别的服务"))
    refused("other_item", survey.reuse_survey, other, held, actor=office.handler)
    MarketSurvey.objects.update(held_on=clock.today() - 400 * DAY)
    held.refresh_from_db()
    assert survey.survey_of(second) is None
    refused("too_old", survey.reuse_survey, make_project(office, "ready"), held, actor=office.handler)


@pytest.mark.rule("A06")
def test_a_statutory_amount_is_not_approved_without_survey_a_small_one_is_never_asked(office):
    small, large = make_project(office, "ready", 60000), make_project(office, "ready", 600000)
    assert completeness.lacks(small) == []
    assert [(lack.key, lack.url_name) for lack in completeness.lacks(large)] == [("survey", "project_survey")]
    make_survey(office, [large])
    assert completeness.lacks(large) == []


@pytest.mark.rule("A06", mutate="amount=-9500000")
def test_an_auxiliary_service_is_asked_from_the_rules_amount_only(office):
    item = make_item("文印服务")
    item.category = "政府履职辅助性服务"
    item.save()
    assert completeness.lacks(make_project(office, "ready", 600000, item=item)) == []


@pytest.mark.rule("A06")
def test_a_statutory_purchase_by_choice_is_asked_when_it_publishes(office):
    row = bare(office)
    assert "3 家" in str(refused("survey", tender.publish, row, actor=office.handler))


def test_only_the_handler_records_what_comes_before(office):
    row = make_project(office, "ready")
    for verb, facts in ((survey.record_survey, {"title": "甲", "held_on": clock.today(), "result": "乙", "answers": ANSWERS}), (intention.publish_intention, {})):
        refused("role", verb, row, actor=office.staff, **facts)


@pytest.mark.rule("A05", mutate="before_start")
def test_thirty_days_run_from_the_published_intention(office):
    row = make_draft(office, intention_on=None)
    told = intention.publish_intention(row.lots.get().project, actor=office.handler, published_on=clock.today() - 30 * DAY)
    assert (told.title, told.budget, told.month.day) == (row.lots.get().project.title, Decimal(300000), 1)
    assert tender.publish(row, actor=office.handler).status == "published"


@pytest.mark.rule("A05", mutate="before_start=-30")
def test_a_short_or_missing_intention_is_passed_with_a_reason_only(office):
    row = make_draft(office, intention_on=None)
    assert "10号" in str(refused("caution", tender.publish, row, actor=office.handler))
    intention.publish_intention(row.lots.get().project, actor=office.handler, published_on=clock.today() - 29 * DAY)
    assert refused("caution", tender.publish, row, actor=office.handler).field == "caution_intention"
    assert tender.publish(row, actor=office.handler, cautions={"intention": "服务即将到期"}).caution_reasons.get().figures == [(clock.today() - 29 * DAY).isoformat()]


def test_what_is_urgent_needs_no_publication_but_its_reason(office):
    row = make_draft(office, intention_on=None)
    told = intention.publish_intention(row.lots.get().project, actor=office.handler, urgent_reason="汛情转移安置")
    assert told.published_on is None and not drawn_public().count()
    assert tender.publish(row, actor=office.handler).status == "published"
    refused("published_already", intention.publish_intention, row.lots.get().project, actor=office.handler)


def drawn_public():
    return Intention.objects.filter(published_on__isnull=False)


def test_the_draft_takes_the_day_from_the_record(office):
    project = make_project(office, "approved", 300000)
    intention.publish_intention(project, actor=office.handler, published_on=clock.today() - 10 * DAY)
    assert tender.create_tender([project], actor=office.handler).intention_on == clock.today() - 10 * DAY


def test_everybody_reads_the_intentions_and_takes_them_along(office, client):
    mine, other = make_project(office, "ready", 123456, title="=长者助餐"), make_office("别的街道")
    intention.publish_intention(mine, actor=office.handler, month=datetime.date(2026, 5, 20), note="面向社会组织")
    intention.publish_intention(make_project(other, "ready", title="别街项目"), actor=other.handler)
    page = client.get(reverse("public_intentions"), {"purchaser": office.purchaser.pk}).content.decode()
    assert "长者助餐" in page and "12.3456" in page and "2026-05" in page and "别街项目" not in page
    assert "别街项目" in client.get(reverse("public_intentions"), {"purchaser": "x"}).content.decode()
    book = client.get(reverse("public_intentions_xlsx"), {"purchaser": office.purchaser.pk}).content
    rows = list(openpyxl.load_workbook(io.BytesIO(book)).active.values)
    assert len(rows) == 2 and rows[1][2] == "'=长者助餐" and rows[1][5] == "2026年05月"
    answer = client.get(reverse("public_intentions_pdf"), {"purchaser": office.purchaser.pk})
    assert answer.content.startswith(b"%PDF")


def sides(office):
    return {"procurement": office.committee, "finance": office.accountant, "business": office.section, "supervision": office.supervisor}


def reviewed(office, row, kind="key", parts=None, **fields):
    facts = {"opinion": "同意。", "risks": "重新采购", "reviewed_on": clock.today(), "file": scan(), **fields}
    return review.record_review(row, actor=office.handler, kind=kind, parts=parts or sides(office), **facts)


@pytest.mark.rule("A08")
def test_both_reviews_come_before_publication_and_cover_the_text_they_saw(office):
    row = bare(office)
    make_survey(office, [row.lots.get().project])
    refused("review_legal", tender.publish, row, actor=office.handler)
    reviewed(office, row, "legal", {"legal": office.legal})
    refused("review_key", tender.publish, row, actor=office.handler)
    reviewed(office, row, agreed=False, opinion="评分标准不明确。")
    assert "评分标准不明确" in str(refused("review_key", tender.publish, row, actor=office.handler))
    reviewed(office, row)
    refused("openers", tender.publish, row, actor=office.handler)  # the next thing missing: the reviews are there
    row = tender.edit(row, actor=office.handler, contract_terms="首付30%。")
    refused("review_legal", tender.publish, row, actor=office.handler)


@pytest.mark.rule("A08")
def test_authors_and_doubles_do_not_review(office):
    row = bare(office)
    assert refused("author", reviewed, office, row, parts={**sides(office), "procurement": office.handler}).field == "part_procurement"
    refused("role", reviewed, office, row, parts={**sides(office), "finance": office.observer})
    refused("part_missing", reviewed, office, row, parts={"finance": office.accountant})
    refused("risks", reviewed, office, row, risks=" ")
    refused("future", reviewed, office, row, reviewed_on=clock.today() + DAY)
    assert not DocumentReview.objects.exists()


@pytest.mark.rule("A08")
def test_a_self_run_purchase_is_not_reviewed(office):
    row = make_draft(office, amount=80000, method="self_run")
    assert review.objection(row, [row.lots.get().project]) is None
    assert tender.publish(row, actor=office.handler).status == "published"


def test_words_are_checked_while_typing(office, client):
    client.force_login(office.handler)
    address = reverse("words_check")
    answer = client.post(address, {"title": "劳务派遣用工", "goal": "", "results": ""}).content.decode()
    assert "第102号" in answer and "bad" in answer
    items = {"items-TOTAL_FORMS": 2, "items-0-name": "同类经验", "items-0-kind": "objective", "items-0-standard": "5A得5分", "items-1-name": "报价", "items-1-kind": "price"}
    answer = client.post(address, {"qualification": "具有同类经验，在本市注册的供应商", **items}).content.decode()
    assert "评估等级" in answer and "本市注册" in answer and "同类经验" in answer
    assert client.post(f"{address}?method=self_run", {"qualification": "在本市注册的供应商"}).content.decode().strip() == ""


@pytest.mark.parametrize("role", ["handler", "leader", "legal"])
def test_the_page_of_a_complete_draft_asks_at_most_twenty_times(role):
    """Everything the publication asks is there, so that every objection is asked to its end."""
    walk = make_tender(state="draft")
    client = Client()
    client.force_login(getattr(walk.office, role), backend="django.contrib.auth.backends.ModelBackend")
    where = walk.tender.get_absolute_url()
    client.get(where)
    with CaptureQueriesContext(connection) as seen:
        response = client.get(where)
    asked = [query["sql"] for query in seen.captured_queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert response.status_code == 200
    assert len(asked) <= 20, f"{len(asked)}\n" + "\n".join(asked)
