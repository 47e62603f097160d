"""Organizations: registered with a checked code, verified by the street, trusted until something speaks against them."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.urls import reverse

from kernel import clock, trail
from kernel.lifecycle import Refusal
from kernel.models import User
from providers.lifecycle import organization as life
from providers.lifecycle import standing
from providers.models import Exclusion, Organization
from tests.factories.communities import PASSWORD, make_office
from tests.factories.providers import credit_code, make_draft, make_provider, picture

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def office():
    return make_office()


def at(office, status):
    made = make_draft(place=office.street)
    organization = made.organization
    if status != "draft":
        organization = life.submit(organization, actor=made.user)
    if status in ("verified", "suspended"):
        organization = life.verify(organization, actor=office.handler)
    if status == "suspended":
        organization = life.suspend(organization, actor=office.supervisor, reason="调查")
    return organization, made.user


VERBS = {
    "submit": lambda organization, office, user: life.submit(organization, actor=user),
    "verify": lambda organization, office, user: life.verify(organization, actor=office.handler),
    "send_back": lambda organization, office, user: life.send_back(organization, actor=office.handler, reason="证照模糊"),
    "suspend": lambda organization, office, user: life.suspend(organization, actor=office.supervisor, reason="调查"),
    "reinstate": lambda organization, office, user: life.reinstate(organization, actor=office.supervisor, reason="已整改"),
}
ALLOWED = {"submit": "draft", "verify": "submitted", "send_back": "submitted", "suspend": "verified", "reinstate": "suspended"}
TARGET = {"submit": "submitted", "verify": "verified", "send_back": "draft", "suspend": "suspended", "reinstate": "verified"}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("status", ["draft", "submitted", "verified", "suspended"])
def test_each_verb_from_each_state(office, verb, status):
    organization, user = at(office, status)
    if status == ALLOWED[verb]:
        assert VERBS[verb](organization, office, user).status == TARGET[verb]
    else:
        with pytest.raises(Refusal) as refused:
            VERBS[verb](organization, office, user)
        assert refused.value.code == "wrong_state"
        organization.refresh_from_db()
        assert organization.status == status


@pytest.mark.parametrize("verb", VERBS)
def test_all_or_nothing_when_the_trail_fails(office, verb, monkeypatch):
    organization, user = at(office, ALLOWED[verb])
    monkeypatch.setattr("kernel.trail.digest", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        VERBS[verb](organization, office, user)
    organization.refresh_from_db()
    assert organization.status == ALLOWED[verb]
    assert (organization.verified_at is None) == (ALLOWED[verb] in ("draft", "submitted"))


def test_only_the_responsible_street_verifies(office):
    organization, user = at(office, "submitted")
    for actor in (make_office().handler, office.cashier, office.community, office.finance, user):
        with pytest.raises(PermissionDenied):
            life.verify(organization, actor=actor)
    assert life.verify(organization, actor=office.section).verified_by == office.section


def test_nobody_verifies_their_own_organization(office):
    made = make_draft(user=office.handler, place=office.street)
    life.submit(made.organization, actor=office.handler)
    with pytest.raises(Refusal) as refused:
        life.verify(made.organization, actor=office.handler)
    assert refused.value.code == "own"


def test_submitting_needs_the_licence(office):
    made = make_draft(place=office.street, licence=False)
    with pytest.raises(Refusal) as refused:
        life.submit(made.organization, actor=made.user)
    assert refused.value.code == "licence_missing"
    life.edit(made.organization, actor=made.user, licence=picture())
    assert life.submit(made.organization, actor=made.user).status == "submitted"


@pytest.mark.parametrize(("code", "reason"), [("52510107MJX000001Z", "code_wrong"), ("123", "code_wrong"), ("5251 0107", "code_wrong")])
def test_a_wrong_credit_code_is_refused(office, code, reason):
    with pytest.raises(Refusal) as refused:
        make_draft(credit_code=code)
    assert refused.value.code == reason and refused.value.field == "credit_code"
    assert not Organization.objects.exists()


def test_a_code_is_registered_once():
    code = credit_code()
    make_draft(credit_code=code)
    with pytest.raises(Refusal) as refused:
        make_draft(credit_code=code.lower())
    assert refused.value.code == "code_taken"


def test_a_code_of_another_kind_only_warns():
    made = make_draft(kind="service_agency", credit_code=credit_code("91"))
    assert "91" in life.code_warning("service_agency", made.organization.credit_code)
    assert life.code_warning("company", made.organization.credit_code) == ""


def test_a_person_is_registered_with_an_encrypted_identity():
    number = "11010519491231002X"
    with pytest.raises(Refusal) as refused:
        make_draft(kind="person", id_number="110105194912310021")
    assert refused.value.code == "id_wrong"
    made = make_draft(kind="person", name="张三", id_number=number)
    with connection.cursor() as cursor:
        cursor.execute("SELECT id_number FROM providers_organization WHERE id = %s", [made.organization.pk])
        assert number.encode() not in bytes(cursor.fetchone()[0])
    assert Organization.objects.get(pk=made.organization.pk).id_number == number
    with pytest.raises(Refusal) as refused:
        make_draft(kind="person", name="张三", id_number=number)
    assert refused.value.code == "id_taken"


def test_a_community_group_acts_through_a_verified_supporter(office):
    supporter = make_provider(office=office)
    alone = make_draft(kind="community_group", name="柳荫合唱队", place=office.street)
    with pytest.raises(Refusal) as refused:
        life.submit(alone.organization, actor=alone.user)
    assert refused.value.code == "supporter"
    group = make_provider("柳荫舞蹈队", office=office, kind="community_group", supporter=supporter.organization)
    assert life.account_of(group.organization) == supporter.account
    life.suspend(supporter.organization, actor=office.supervisor, reason="调查")
    fresh = Organization.objects.get(pk=group.organization.pk)
    assert life.objection_to_provider(fresh, "bid").code == "supporter"


@pytest.mark.parametrize("moment", ["bid", "award", "contract"])
@pytest.mark.parametrize("status", ["draft", "submitted", "suspended"])
def test_only_verified_organizations_do_business(office, status, moment):
    organization, _user = at(office, status)
    assert life.objection_to_provider(organization, moment).code == "not_verified"
    assert life.objection_to_provider(organization, "payment") is None


def exclude(office, organization, kind, days=(-10, 300), **fields):
    start, end = (clock.today() + datetime.timedelta(days=day) if day is not None else None for day in days)
    return standing.exclude(organization, actor=office.finance, kind=kind, document="清财罚〔2026〕1号", starts_on=start, ends_on=end, **fields)


@pytest.mark.rule("H05")
@pytest.mark.parametrize("moment", ["bid", "award", "contract"])
def test_debarment_blocks_business_and_only_warns_at_payment(moment):
    made = make_provider()
    row = exclude(made.office, made.organization, "debarred")
    refusal = life.objection_to_provider(made.organization, moment)
    assert refusal.code == "H05" and "第77条" in refusal.article and "清财罚〔2026〕1号" in str(refusal)
    assert life.objection_to_provider(made.organization, "payment") is None
    assert "清财罚〔2026〕1号" in life.warning_for(made.organization)
    with clock.travelled(row.ends_on + datetime.timedelta(days=1)):
        assert life.objection_to_provider(made.organization, moment) is None


@pytest.mark.rule("H05")
def test_a_debarment_lasts_at_most_three_years():
    made = make_provider()
    for days in ((0, None), (0, 3 * 366 + 2)):
        with pytest.raises(Refusal) as refused:
            exclude(made.office, made.organization, "debarred", days)
        assert refused.value.code == "H05" and "3" in str(refused.value)
    assert not Exclusion.objects.exists()


@pytest.mark.rule("H07")
def test_the_blacklist_blocks_statutory_purchases_only_and_abnormal_listing_warns():
    made = make_provider()
    exclude(made.office, made.organization, "untrustworthy", (-1, None))
    assert life.objection_to_provider(made.organization, "bid").code == "H07"
    assert life.objection_to_provider(made.organization, "bid", scope="self_run") is None
    other = make_provider()
    exclude(other.office, other.organization, "abnormal", (-1, None))
    assert life.objection_to_provider(other.organization, "contract") is None
    assert life.warning_for(other.organization)


def test_ending_a_listing_early():
    made = make_provider()
    row = exclude(made.office, made.organization, "untrustworthy", (-30, None))
    standing.lift_exclusion(row, actor=made.office.finance, ends_on=clock.today() - datetime.timedelta(days=1), document="清民〔2026〕8号")
    assert life.objection_to_provider(made.organization, "bid") is None
    with pytest.raises(Refusal):
        standing.lift_exclusion(row, actor=made.office.finance, ends_on=clock.today(), document="x")


@pytest.mark.rule("H08")
@pytest.mark.parametrize(
    ("notice", "until"),
    [("2026-02-28", "2031-02-27"), ("2024-02-29", "2029-02-28"), ("2026-03-01", "2031-12-31"), ("2026-12-31", "2031-12-31"), ("2027-01-01", "2032-12-31")],
)
def test_a_grade_ends_by_the_rule_of_its_notice(notice, until):
    assert standing.grade_until(datetime.date.fromisoformat(notice)) == datetime.date.fromisoformat(until)


@pytest.mark.rule("H08")
def test_an_expired_grade_no_longer_counts():
    made = make_provider()
    organization = standing.set_grade(
        made.organization, actor=made.office.department, grade="4A", notice_on=datetime.date(2026, 5, 6), document="清民发〔2026〕12号"
    )
    assert organization.grade_until == datetime.date(2031, 12, 31)
    assert standing.grade_on(organization) == "4A" and standing.grade_on(organization, datetime.date(2032, 1, 1)) == ""


def test_rename_keeps_the_old_name(office):
    made = make_provider("旧名社工中心", office=office)
    made.organization.names.update(valid_from=datetime.date(2024, 1, 1))
    organization = standing.rename(made.organization, "新名社工中心", actor=office.handler, since=clock.today(), document="准许变更〔2026〕3号")
    assert organization.name_on(datetime.date(2025, 1, 1)) == "旧名社工中心" and organization.name_on(clock.today()) == "新名社工中心"
    assert organization.sort_key.startswith("xin ming")


def test_after_verification_only_contacts_change(office):
    made = make_provider(office=office)
    changed = life.edit(made.organization, actor=made.user, name="别的名字", contact_phone="13900000000")
    assert changed.contact_phone == "13900000000" and changed.name == made.organization.name


def registration(office, **changes):
    name, content = picture()
    from django.core.files.uploadedfile import SimpleUploadedFile

    data = {
        "kind": "service_agency",
        "name": "清源区阳光社会工作服务中心",
        "credit_code": credit_code(),
        "place": office.street.pk,
        "contact_name": "王芳",
        "contact_phone": "13800000000",
        "licence": SimpleUploadedFile(name, content),
        "manager_name": "王芳",
        "username": "wangfang",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    return {**data, **changes}


def test_an_organization_registers_itself(client, office):
    page = client.post(reverse("organization_register"), registration(office))
    organization = Organization.objects.get()
    assert page.status_code == 302 and page.url == organization.get_absolute_url()
    assert client.get(page.url).status_code == 200, "signed in as its manager"
    assert client.post(reverse("act", args=["organization", organization.pk, "submit"])).status_code == 302
    organization.refresh_from_db()
    assert organization.status == "submitted"
    assert [row.verb for row in trail.rows_of(organization)] == ["register", "attach", "submit"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("credit_code", "52510107MJX000001Z"),
        ("credit_code", ""),
        ("licence", ""),
        ("place", ""),
        ("username", "no spaces"),
        ("password2", "something-else-9"),
        ("founded_on", "2199-01-01"),
        ("name", "长" * 81),
        ("name", "a\x00b"),
        ("website", "spam"),
    ],
)
def test_a_bad_registration_leaves_nothing_behind(client, office, field, value):
    before = User.objects.count()
    page = client.post(reverse("organization_register"), registration(office, **{field: value}))
    form = page.context["form"]
    assert page.status_code == 422 and (field in form.errors or field == "website" and form.non_field_errors())
    assert not Organization.objects.exists() and User.objects.count() == before
    assert "13800000000" in page.content.decode(), "what was typed stays"


def test_a_taken_code_says_so_beside_the_field_and_makes_no_login(client, office):
    code = credit_code()
    make_draft(credit_code=code)
    page = client.post(reverse("organization_register"), registration(office, credit_code=code))
    assert page.status_code == 422 and "credit_code" in page.context["form"].errors
    assert not User.objects.filter(username="wangfang").exists()


def test_a_licence_that_is_no_picture_or_pdf_is_refused(client, office):
    from django.core.files.uploadedfile import SimpleUploadedFile

    page = client.post(reverse("organization_register"), registration(office, licence=SimpleUploadedFile("x.png", b"MZ\x90\x00 program")))
    assert page.status_code == 422 and "licence" in page.context["form"].errors


def test_grade_and_exclusion_screens(client):
    made = make_provider()
    pk = made.organization.pk
    client.force_login(made.office.department, backend=BACKEND)
    assert client.post(reverse("organization_grade", args=[pk]), {"grade": "3A", "notice_on": "2026-05-06", "document": "x"}).status_code == 302
    assert client.post(reverse("organization_grade", args=[pk]), {"grade": "3A", "notice_on": "2190-05-06", "document": "x"}).status_code == 422
    late = {"kind": "debarred", "document": "x", "starts_on": "2026-01-01", "ends_on": "2036-01-01"}
    page = client.post(reverse("exclusion_create", args=[pk]), late)
    assert page.status_code == 422 and "ends_on" in page.context["form"].errors
    assert client.post(reverse("exclusion_create", args=[pk]), {**late, "ends_on": "2027-01-01"}).status_code == 302
    client.force_login(made.user, backend=BACKEND)
    assert client.post(reverse("exclusion_create", args=[pk]), late).status_code == 403
    assert client.post(reverse("exclusion_lift", args=[Exclusion.objects.get().pk]), {"ends_on": "2026-02-01", "document": "x"}).status_code == 403


def test_identity_is_shown_only_for_a_purpose(client, office):
    from kernel.models import AccessLog

    made = make_provider("李四", office=office, kind="person", id_number="11010519491231002X", account=False)
    client.force_login(office.handler, backend=BACKEND)
    detail = client.get(made.organization.get_absolute_url()).content.decode()
    assert "11010519491231002X" not in detail and "002X" in detail
    url = reverse("organization_identity", args=[made.organization.pk])
    assert "11010519491231002X" in client.post(url, {"purpose": "核对身份"}).content.decode()
    assert AccessLog.objects.get().purpose == "核对身份"
    client.force_login(made.user, backend=BACKEND)
    assert client.post(url, {"purpose": "x"}).status_code == 403


def test_registry_keeps_its_query_count(client, office, django_assert_max_num_queries):
    client.force_login(office.handler, backend=BACKEND)
    counts = []
    for extra in (1, 10):
        for _count in range(extra):
            make_draft(place=office.street)
            Organization.objects.filter(status="draft").update(grade="3A", grade_until=clock.today())
        for row in Organization.objects.filter(status="draft"):
            life.submit(row, actor=row.created_by)
        client.get(reverse("organization_list"))
        with django_assert_max_num_queries(12) as captured:
            client.get(reverse("organization_list"))
        counts.append(len(captured))
    assert counts[0] == counts[1]
