"""The screens of contract, delivery, payment and closing: who sees them, what they do, how they answer nonsense."""

import datetime

import pytest
from django.test import Client
from django.urls import reverse

from kernel import clock, registry
from kernel.notices import remind
from procurement.models import Activity, Contract, CostVoucher, PaymentRequest
from tests.factories.contracts import days, fresh, invoice, make_contract, make_request, reported
from tests.factories.projects import scan

pytestmark = pytest.mark.django_db


def browser(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def scene():
    return make_contract()


def pages(scene, request):
    activity = scene.contract.activities.first()
    return {
        "contract": reverse("contract_detail", args=[scene.contract.pk]), "activity": reverse("activity_detail", args=[activity.pk]),
        "payment": reverse("payment_detail", args=[request.pk]), "contract_pdf": reverse("contract_pdf", args=[scene.contract.pk]), "slip": reverse("payment_slip", args=[request.pk]),
    }  # fmt: skip


def test_owner_member_and_stranger(scene):
    request, other = make_request(scene, 1), make_contract()
    for name, url in pages(scene, request).items():
        for user in (scene.office.handler, scene.provider.user, scene.office.staff, scene.office.finance):
            assert browser(user).get(url).status_code == 200, name
        for stranger in (other.office.handler, other.provider.user, other.office.staff):
            assert browser(stranger).get(url).status_code == 404, name
        assert Client().get(url).status_code == 302
    for name in ("contract_list", "activity_list", "payment_list"):
        page = browser(other.provider.user).get(reverse(name)).content.decode()
        assert scene.contract.title not in page


def test_weak_roles_get_403_and_strangers_404_on_every_change(scene):
    other = make_contract()
    stage, activity = scene.contract.stages.get(order=1), scene.contract.activities.first()
    urls = {
        reverse("contract_edit", args=[scene.contract.pk]): scene.office.cashier,
        reverse("amendment_create", args=[scene.contract.pk]): scene.office.staff,
        reverse("voucher_create", args=[scene.contract.pk]): scene.office.handler,
        reverse("payment_create", args=[stage.pk]): scene.office.staff,
        reverse("activity_report", args=[activity.pk]): scene.office.handler,
        reverse("activity_confirm", args=[activity.pk]): scene.provider.user,
        reverse("contract_create", args=["project", scene.project.pk]): scene.office.leader,
        reverse("act", args=["contract", scene.contract.pk, "terminate"]): scene.office.cashier,
    }
    for url, weak in urls.items():
        for send in (browser(weak).get, browser(weak).post):
            assert send(url).status_code == 403, url
        for send in (browser(other.office.leader).get, browser(other.office.leader).post):
            assert send(url).status_code == 404, url


def test_from_project_to_signed_contract_in_four_screens():
    from tests.factories.contracts import make_scene

    scene = make_scene()
    client = browser(scene.office.handler)
    assert "contract_create" in str(client.get(scene.project.get_absolute_url()).content) or reverse("contract_create", args=["project", scene.project.pk]) in client.get(scene.project.get_absolute_url()).content.decode()
    answer = client.post(reverse("contract_create", args=["project", scene.project.pk]))
    contract = Contract.objects.get(project=scene.project)
    assert answer.url == reverse("contract_edit", args=[contract.pk])
    page = client.get(answer.url)
    form = form_data(page)
    form |= {"people-0-name": "周敏", "people-0-duty": "项目主管", "people-TOTAL_FORMS": "1"}
    assert client.post(answer.url, form).status_code == 302
    signed = client.post(reverse("act", args=["contract", contract.pk, "sign"]), {"happened_on": clock.today().isoformat(), "scan": scan("合同.png"), "reason": ""})
    assert signed.status_code == 302
    contract.refresh_from_db()
    assert contract.status == "performing" and contract.key_people.get().name == "周敏"
    assert client.post(reverse("contract_create", args=["project", scene.project.pk])).url == contract.get_absolute_url()


def form_data(page):
    """What a browser would post back from the contract form."""
    data = {name: "" if value is None else value for name, value in ((name, page.context["form"][name].value()) for name in page.context["form"].fields)}
    for key in ("stages", "portions", "key_people"):
        formset = page.context[key]
        data |= {f"{formset.prefix}-{name}": formset.management_form[name].value() for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")}
        for form in formset.forms:
            for name in form.fields:
                value = form[name].value()
                if value not in (None, False):
                    data[form.add_prefix(name)] = value
    return {name: value.isoformat() if isinstance(value, datetime.date) else value for name, value in data.items()}


def test_bad_terms_stand_beside_their_field_and_keep_the_input():
    scene = make_contract(state="draft")
    client, url = browser(scene.office.handler), reverse("contract_edit", args=[scene.contract.pk])
    data = form_data(client.get(url))
    for change, words in (
        ({"amount": "18000.01"}, "不得高于"),
        ({"amount": "-5"}, "-5"),
        ({"amount": "abc"}, "abc"),
        ({"ends_on": "2020-01-01"}, "早于开始日期"),
        ({"stages-0-percent": "29"}, "99%"),
        ({"title": "标" * 81}, "标" * 81),
        ({"title": "a\x00b"}, "title"),
    ):
        page = client.post(url, data | change)
        assert page.status_code == 422, change
        assert words in page.content.decode(), change
    assert fresh(scene).contract.amount == 18000 and scene.contract.stages.count() == 3


def test_the_community_answers_with_one_tap(scene):
    row = reported(scene, scene.contract.activities.first())
    client, url = browser(scene.office.staff), reverse("activity_confirm", args=[row.pk])
    page = client.get(url).content.decode()
    for value in ("held", "deviation", "not_held"):
        assert f'name="answer" value="{value}"' in page
    assert client.post(url, {"answer": "not_held"}).status_code == 422
    assert client.post(url, {"answer": "nonsense"}).status_code == 422
    assert client.post(url, {"answer": "held"}).status_code == 302
    row.refresh_from_db()
    assert row.status == "answered" and row.community_answer == "held"
    assert client.post(url, {"answer": "not_held", "remark": "改"}).status_code == 422
    assert "已确认：如期举办" in client.get(url).content.decode()


def test_the_provider_reports_from_the_phone(scene):
    row = scene.contract.activities.first()
    client = browser(scene.provider.user)
    assert client.get(reverse("activity_report", args=[row.pk])).status_code == 302
    client.post(reverse("act", args=["activity", row.pk, "confirm"]), {"planned_on": row.planned_on.isoformat(), "location": "新活动室"})
    url = reverse("activity_report", args=[row.pk])
    data = {
        "held_on": clock.today().isoformat(), "headcount": "30", "distinct_people": "", "summary": "顺利", "photos": [scan("一.png"), scan("二.png")], "sheet": scan("签到.png"),
        "people-TOTAL_FORMS": "2", "people-INITIAL_FORMS": "0", "people-MIN_NUM_FORMS": "0", "people-MAX_NUM_FORMS": "500",
        "people-0-name": "李奶奶", "people-0-phone": "13811112222", "people-0-kind": "self", "people-1-kind": "self",
    }  # fmt: skip
    assert client.post(url, data | {"headcount": "0"}).status_code == 422
    assert client.post(url, data | {"held_on": (clock.today() + days(1)).isoformat()}).status_code == 422
    for photo in (*data["photos"], data["sheet"]):
        photo.seek(0)
    assert client.post(url, data).status_code == 302
    row = Activity.objects.get(pk=row.pk)
    assert row.status == "reported" and row.location == "新活动室" and row.sign_ins.count() == 1
    page = browser(scene.office.supervisor).get(row.get_absolute_url()).content.decode()
    assert "李**" in page and "138****2222" in page and "13811112222" not in page
    assert "李**" not in browser(scene.office.finance).get(row.get_absolute_url()).content.decode()


def test_vouchers_from_the_screen(scene):
    client, url = browser(scene.provider.user), reverse("voucher_create", args=[scene.contract.pk])
    data = {"kind": "invoice", "number": "001", "supplier": "书店", "spent_on": clock.today().isoformat(), "amount": "12.50", "purpose": "绘本", "line": scene.project.lines.first().pk, "activity": ""}
    for change in ({"amount": "0"}, {"amount": "-1"}, {"spent_on": "2199-12-31"}, {"number": ""}, {"line": "999999"}):
        assert client.post(url, data | change).status_code == 422, change
    assert client.post(url, data).status_code == 302
    again = client.post(url, data)
    assert again.status_code == 422 and "已在本合同列支" in again.content.decode()
    voucher = CostVoucher.objects.get()
    assert client.post(reverse("voucher_void", args=[voucher.pk]), {"reason": "录错"}).status_code == 302
    voucher.refresh_from_db()
    assert voucher.voided_at


def test_asking_approving_and_paying_through_the_screens(scene):
    stage = scene.contract.stages.get(order=1)
    client = browser(scene.provider.user)
    url = reverse("payment_create", args=[stage.pk])
    data = {"invoice_number": invoice(), "invoice_code": "", "invoice_on": clock.today().isoformat()}
    bad = client.post(url, data | {"invoice_number": "123"})
    assert bad.status_code == 422 and 'value="123"' in bad.content.decode()
    assert client.post(url, data).status_code == 302
    request = PaymentRequest.objects.get(stage=stage)
    assert client.get(url).status_code == 302
    for person in (scene.office.section, scene.office.accountant, scene.office.leader):
        assert browser(person).post(reverse("act", args=["payment", request.pk, "approve"]), {"remark": ""}).status_code == 302
    cashier, pay = browser(scene.office.cashier), reverse("act", args=["payment", request.pk, "pay"])
    assert cashier.post(pay, {"voucher_number": "", "happened_on": ""}).status_code == 422
    assert cashier.post(pay, {"voucher_number": "记-5", "happened_on": ""}).status_code == 302
    assert cashier.post(pay, {"voucher_number": "记-5", "happened_on": ""}).status_code in (302, 422)
    assert fresh(scene).contract.paid == stage.amount


def test_papers_are_chinese_pdf(scene):
    import io

    from pypdf import PdfReader

    request = make_request(scene, 1, "paid")
    client = browser(scene.office.handler)
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(client.get(reverse("contract_pdf", args=[scene.contract.pk])).content)).pages)
    assert "壹万捌仟元整" in text and "不得转包" in text and scene.provider.organization.name in text and "第 1 页" in text
    slip = "".join(page.extract_text() for page in PdfReader(io.BytesIO(client.get(reverse("payment_slip", args=[request.pk])).content)).pages)
    assert "伍仟肆佰元整" in slip and request.invoice_number in slip and request.voucher_number in slip


def test_the_payment_list_exports_and_filters_overdue(scene):
    request = make_request(scene, 1)
    client, url = browser(scene.office.accountant), reverse("payment_list")
    assert request.number not in client.get(url, {"timing": "overdue"}).content.decode()
    with clock.travelled(request.due_on + days(1)):
        page = client.get(url, {"timing": "overdue"}).content.decode()
        assert request.number in page
        assert "已逾期" in client.get(request.get_absolute_url()).content.decode()
    export = client.get(url, {"export": "xlsx"})
    assert export.status_code == 200 and "spreadsheet" in export["Content-Type"]


def tasks(user):
    return {(str(task.kind), str(task.action)) for task in registry.tasks_for(type(user).objects.get(pk=user.pk))}


def test_everybodys_desk_says_what_waits_for_them():
    scene = make_contract(state="draft")
    assert ("contract", "完善并签订合同") in tasks(scene.office.handler)
    scene = make_contract()
    assert ("stage", "申请付款") in tasks(scene.provider.user)
    request = make_request(scene, 1)
    assert ("payment", "审批：科室审核") in tasks(scene.office.section)
    assert not {one for one in tasks(scene.office.leader) if one[0] == "payment"}
    row = reported(scene, scene.contract.activities.first())
    assert ("activity", "确认活动是否举办") in tasks(scene.office.staff)
    with clock.travelled(clock.today() + days(12)):
        assert ("activity", "社区未确认，请街道核实") in tasks(scene.office.handler)
    assert row.pk and request.pk
    scene = make_contract(state="delivered")
    assert ("closing", "准备结项") in tasks(scene.provider.user)
    scene = make_contract(state="paid")
    assert ("contract", "合同办结") in tasks(scene.office.handler)


@pytest.mark.rule("E01")
@pytest.mark.clock
def test_due_payments_reach_the_right_person_before_and_after_once(scene, django_assert_max_num_queries):
    request = make_request(scene, 1)
    told = lambda: {(notice.user_id, notice.kind) for notice in type(notice_of()).objects.filter(params__kind="payment_due")}  # noqa: E731

    def notice_of():
        from kernel.models import Notice

        return Notice()

    with clock.travelled(request.due_on - days(8)):
        remind()
        assert told() == set()
    with clock.travelled(request.due_on - days(7)):
        remind()
        remind()
        assert (scene.office.section.pk, "deadline.before") in told() and (scene.office.cashier.pk, "deadline.before") not in told()
    with clock.travelled(request.due_on + days(3)):
        remind()
        assert (scene.office.section.pk, "deadline.after") in told()


def test_reminders_ask_a_constant_number_of_queries(scene, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from procurement import contract_reminders as reminders

    def count(provider):
        with CaptureQueriesContext(connection, ) as caught:
            list(provider(clock.now() + days(25)))
        return len(caught)

    for row in scene.contract.activities.all()[:2]:
        reported(scene, row)
    make_request(scene, 1)
    with clock.travelled(clock.today() + days(25)):
        few = [count(one) for one in (reminders.contract_duties, reminders.payments_due, reminders.answers_due, reminders.milestones)]
    more = make_contract()
    for row in more.contract.activities.all():
        reported(more, row)
    make_request(more, 1)
    with clock.travelled(clock.today() + days(25)):
        many = [count(one) for one in (reminders.contract_duties, reminders.payments_due, reminders.answers_due, reminders.milestones)]
    assert many == few


def make_scene_of(scene):
    """Another approved project of the same office and provider."""
    from types import SimpleNamespace

    from tests.factories.projects import make_project

    project = make_project(scene.office, "approved", 12000, way="intended", intended=scene.provider.organization, intended_reason="同上", alternatives="同上")
    return SimpleNamespace(office=scene.office, provider=scene.provider, project=project)


def test_lists_and_details_ask_a_constant_number_of_queries(scene):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = browser(scene.office.handler)

    def count(url):
        client.get(url)
        with CaptureQueriesContext(connection) as caught:
            assert client.get(url).status_code == 200
        return len(caught)

    request = make_request(scene, 1)
    urls = [reverse(name) for name in ("contract_list", "activity_list", "payment_list")]
    few = [count(url) for url in urls]
    assert max(few) <= 12, few
    details = {url: count(url) for url in (scene.contract.get_absolute_url(), scene.contract.activities.first().get_absolute_url(), request.get_absolute_url())}
    assert max(details.values()) <= 22, details
    for row in scene.contract.activities.all():
        reported(scene, row)
    make_contract(make_scene_of(scene))
    assert [count(url) for url in urls] == few
