"""Questions about the documents: asked without a name, answered to everybody, extending the deadline by the rule where they must."""

import datetime
import json
import re

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.urls import reverse

from kernel import clock, notices, rules, trail, workdays
from kernel.models import Notice, TrailRow
from kernel.registry import tasks_for
from procurement import timetable
from procurement.lifecycle import documents, question
from procurement.models import Question
from procurement.permissions_document import asked_by
from tests.factories.providers import make_draft as make_unverified
from tests.factories.providers import make_provider
from tests.factories.special import make_invited
from tests.factories.tenders import hours, make_tender, travel
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db
MONDAY = datetime.datetime(2026, 3, 2, 9, tzinfo=clock.ZONE)


@pytest.fixture
def made():
    found = make_tender(state="published", start=MONDAY)
    found.who = make_provider(office=found.office, place=found.office.street)
    found.other = make_provider(office=found.office, place=found.office.street)
    return found


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def ask(made, text="保险由谁投保？", who=None):
    who = who or made.who
    return question.ask(made.tender, who.organization, actor=who.user, text=text)


@pytest.mark.rule("G01")
def test_a_question_is_due_within_the_rules_days(made):
    row = ask(made)
    days = rules.get("G01").value("answer")
    assert row.status == "asked" and row.answer_due_on == workdays.add_workdays(clock.today(), days).date == datetime.date(2026, 3, 5)
    told = Notice.objects.get(kind="question_asked")
    assert told.user == made.office.handler and told.due == clock.end_of_day(row.answer_due_on)


def everything_kept():
    """All text in the database but the accounts' own tables."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith(("procurement_", "kernel_trail", "kernel_notice", "kernel_accesslog", "kernel_draft")):
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
                found[table] = json.dumps(cursor.fetchall(), default=str, ensure_ascii=False)
    return found


def test_nothing_the_office_can_reach_says_who_asked(made, client):
    before, acts = everything_kept(), TrailRow.objects.filter(actor=made.who.user).count()
    client.force_login(made.who.user)
    answer = client.post(reverse("question_ask", args=[made.tender.pk]), {"organization": made.who.organization.pk, "text": "保险由谁投保？", "chapter": "requirements"})
    assert answer.status_code == 302
    row = Question.objects.get()
    assert row.created_by is None and [entry.actor for entry in trail.rows_of(row)] == [None]
    kept = everything_kept()
    new = {table: text for table, text in kept.items() if text != before.get(table)}
    assert set(new) <= {"procurement_question", "kernel_trailrow", "kernel_notice"}, sorted(new)
    name, code = made.who.organization.name, made.who.organization.credit_code
    assert name not in new["procurement_question"] and code not in new["procurement_question"]
    assert TrailRow.objects.filter(actor=made.who.user).count() == acts
    for person in (made.office.handler, made.office.leader, made.office.supervisor):
        client.force_login(person)
        for where in (row.get_absolute_url(), reverse("tender_documents", args=[made.tender.pk]), "/desk/", reverse("notices")):
            page = client.get(where).content.decode()
            assert name not in page and made.who.user.name not in page and code not in page
    assert not asked_by(made.office.handler, row) and asked_by(made.who.user, row) and not asked_by(made.other.user, row)


def test_other_suppliers_read_it_only_once_it_is_published(made, client):
    row = ask(made, "我单位暖阳想问保险由谁投保？")
    seen = lambda user: Question.objects.visible_to(user).filter(pk=row.pk).exists()  # noqa: E731
    assert seen(made.who.user) and seen(made.office.handler) and not seen(made.other.user) and not seen(made.office.staff)
    question.answer(row, actor=made.office.handler, answer="由承接主体投保。", affects=False, published_text="保险由谁投保？", publish_now=True)
    assert seen(made.other.user)
    page = client.get(reverse("public_documents", args=[made.tender.number])).content.decode()
    assert "保险由谁投保？" in page and "由承接主体投保。" in page and "暖阳" not in page
    client.force_login(made.other.user)
    assert "暖阳" not in client.get(row.get_absolute_url()).content.decode()
    assert fresh(row).text == "我单位暖阳想问保险由谁投保？"  # the original stays on file
    assert set(Notice.objects.filter(kind="question_answered").values_list("user", flat=True)) == {made.who.user.pk}


@pytest.mark.rule("B09")
def test_a_late_answer_that_matters_moves_the_deadline_by_the_rule(made):
    before = made.tender.deadline
    travel(before - datetime.timedelta(days=2))
    row = ask(made)
    documents.edit_chapter(fresh(made.tender), "requirements", "由承接主体投保。", actor=made.office.handler)
    row = question.answer(row, actor=made.office.handler, answer="由承接主体投保。", affects=True, publish_now=True)
    after = fresh(made.tender).deadline
    assert after > before and after.astimezone(clock.ZONE).date() == timetable.clarified_deadline(fresh(made.tender)).date
    notice = fresh(made.tender).announcements.get(kind="correction")
    assert row.status == "published" and fresh(row).announcement == notice and "由承接主体投保" in notice.body and "第 2 版" in notice.body
    assert set(fresh(made.tender).document_versions.get(number=2).changed) >= {"requirements", "notes"}


@pytest.mark.rule("B09")
def test_an_early_answer_or_one_that_changes_nothing_leaves_the_deadline(made):
    before = made.tender.deadline
    early = ask(made)
    question.answer(early, actor=made.office.handler, answer="见第四章。", affects=True, publish_now=True)
    assert fresh(made.tender).deadline == before and fresh(made.tender).announcements.filter(kind="correction").count() == 1
    travel(before - datetime.timedelta(hours=20))
    late = ask(made, "可以提前到场查看吗？")
    question.answer(late, actor=made.office.handler, answer="可以。", affects=False, publish_now=True)
    assert fresh(made.tender).deadline == before and fresh(made.tender).announcements.filter(kind="correction").count() == 1


def test_after_the_deadline_nobody_asks_and_what_matters_is_not_published(made):
    row = ask(made)
    row = question.answer(row, actor=made.office.handler, answer="由承接主体投保。", affects=True)
    travel(made.tender.deadline)
    refused("late", ask, made)
    refused("late", question.publish, fresh(row), actor=made.office.handler)
    row = question.rewrite(fresh(row), actor=made.office.handler)
    row = question.answer(row, actor=made.office.handler, answer="截止后说明：见第四章。", affects=False, publish_now=True)
    assert row.status == "published"


def test_who_may_ask(made):
    with pytest.raises(PermissionDenied):
        question.ask(made.tender, made.who.organization, actor=made.other.user, text="？")
    new = make_unverified(place=made.office.street)
    refused("not_verified", question.ask, made.tender, new.organization, actor=new.user, text="保险？")
    refused("empty", ask, made, "  ")
    for number in range(question.MOST_OPEN):
        ask(made, f"问题{number}")
    refused("too_many", ask, made)
    assert ask(made, who=made.other).number == question.MOST_OPEN + 1
    draft = make_tender(made.office, state="draft").tender
    refused("not_running", question.ask, draft, made.who.organization, actor=made.who.user, text="？")


def test_only_the_handler_answers(made):
    row = ask(made)
    for person in (made.office.leader, made.office.staff, made.who.user):
        with pytest.raises(PermissionDenied):
            question.answer(row, actor=person, answer="可以", affects=False)
    refused("empty", question.answer, row, actor=made.office.handler, answer=" ", affects=False)


def test_a_question_that_is_none_is_declined_to_the_asker_alone(made, client):
    row = question.decline(ask(made, "贵街道招人吗？"), actor=made.office.handler, reason="与本次采购无关")
    told = Notice.objects.get(kind="question_declined")
    assert told.user == made.who.user and "与本次采购无关" in notices.text_of(told)
    assert "招人" not in client.get(reverse("public_documents", args=[made.tender.number])).content.decode()
    client.force_login(made.who.user)
    assert "与本次采购无关" in client.get(reverse("public_documents", args=[made.tender.number])).content.decode()
    assert row.status == "declined"


@pytest.mark.rule("G01")
def test_an_unanswered_question_is_on_the_desk_and_overdue_after_its_days(made):
    row = ask(made)
    mine = lambda: [task for task in tasks_for(fresh(made.office.handler)) if task.kind == "question"]  # noqa: E731
    assert [task.url for task in mine()] == [row.get_absolute_url()] and mine()[0].due == row.answer_due_on
    assert not [task for task in tasks_for(fresh(made.office.leader)) if task.kind == "question"]
    travel(clock.end_of_day(row.answer_due_on) + datetime.timedelta(minutes=1))
    notices.remind()
    assert Notice.objects.filter(user=made.office.handler, kind="deadline.after", params__kind="question_answer").count() == 1
    question.decline(fresh(row), actor=made.office.handler, reason="已在第四章写明")
    assert mine() == []


def test_the_answer_through_the_page(made, client):
    row = ask(made, "我单位暖阳想问保险由谁投保？")
    hours()
    client.force_login(made.office.handler)
    address = reverse("act", args=["question", row.pk, "answer"])
    page = client.get(address)
    assert page.context["form"].initial == {} and "我单位暖阳" in page.content.decode()
    assert client.post(address, {"published_text": "保险由谁投保？", "answer": "由承接主体投保。"}).status_code == 422  # whether it matters must be said
    assert client.post(address, {"published_text": "保险由谁投保？", "answer": "由承接主体投保。", "affects": "1", "publish_now": "on"}).status_code == 302
    row = fresh(row)
    assert row.status == "published" and row.affects is True and row.published_text == "保险由谁投保？" and row.announcement


def test_numbers_run_per_purchase_and_stay(made):
    assert [ask(made, f"问题{number}").number for number in (1, 2, 3)] == [1, 2, 3]
    assert re.fullmatch(r"[0-9a-f]{64}", Question.objects.first().asker_tag)
    assert len({row.asker_tag for row in Question.objects.all()}) == 1  # one organization, one purchase: found again by itself


def test_tags_of_two_purchases_tell_nothing_of_each_other():
    made, other = make_tender(state="published"), make_tender(state="published")
    who = make_provider(office=made.office, place=made.office.street)
    rows = [question.ask(one.tender, who.organization, actor=who.user, text="？") for one in (made, other)]
    assert rows[0].asker_tag != rows[1].asker_tag


def test_of_a_purchase_by_invitation_only_the_invited_read_and_ask(client):
    walk = make_invited()
    stranger = make_provider(office=walk.office, place=walk.office.street)
    address = reverse("public_documents", args=[walk.tender.number])
    assert client.get(address).status_code == 404
    client.force_login(stranger.user)
    assert client.get(address).status_code == 404 and client.get(reverse("question_ask", args=[walk.tender.pk])).status_code == 404
    invited = walk.invited
    row = question.ask(walk.tender, invited[0].organization, actor=invited[0].user, text="保险由谁投保？")
    question.answer(row, actor=walk.office.handler, answer="由投标人投保。", affects=False, publish_now=True)
    client.force_login(invited[1].user)
    assert "由投标人投保。" in client.get(address).content.decode()
    assert not Question.objects.visible_to(stranger.user).exists()
