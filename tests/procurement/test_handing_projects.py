"""Many projects pass to a colleague together or not at all; each keeps its own trail row; what cannot go is told one by one."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from kernel import trail
from kernel.lifecycle import Refusal
from kernel.models import Notice
from procurement.lifecycle import project_handing as handing
from procurement.models import Project, Tender
from tests.factories.projects import join, make_office, make_project, make_user
from tests.factories.tenders import make_tender

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def office():
    made = make_office()
    made.heir = join(make_user("接任经办人"), "handler", purchaser=made.purchaser)
    return made


def handlers():
    return set(Project.objects.values_list("handler", flat=True))


def test_each_gets_its_own_row_with_from_to_and_reason(office):
    rows = [make_project(office, "ready", handler=office.handler) for _number in range(2)]
    handing.hand_over_all(rows, actor=office.leader, successor=office.heir, reason="调离")
    for row in rows:
        last = trail.rows_of(row).last()
        assert (last.verb, last.reason, last.params, last.actor) == ("hand_over", "调离", {"from": office.handler.pk, "to": office.heir.pk}, office.leader)
    assert handlers() == {office.heir.pk}
    assert [(notice.user, notice.kind, notice.params) for notice in Notice.objects.all()] == [(office.heir, "projects.handed_over", {"count": 2})]


def test_one_alone_is_told_by_name_and_nobody_is_told_of_what_was_refused(office):
    row, other = make_project(office, "ready", handler=office.handler), make_project(office, "ready", handler=office.heir)
    with pytest.raises(handing.Refused):
        handing.hand_over_all([row, other], actor=office.leader, successor=office.heir, reason="调离")
    assert not Notice.objects.exists()
    handing.hand_over_all([row], actor=office.leader, successor=office.heir, reason="调离")
    assert Notice.objects.get().params == {"title": str(row)}


def test_one_that_moved_meanwhile_keeps_all_back(office):
    rows = [make_project(office, "ready", handler=office.handler) for _number in range(2)]
    seen = {row.pk: (office.handler.pk, "draft") for row in rows}
    from procurement.lifecycle.project import submit

    submit(rows[1], actor=office.staff)
    with pytest.raises(handing.Refused) as refused:
        handing.hand_over_all(rows, actor=office.leader, successor=office.heir, reason="调离", seen=seen)
    assert [row.pk for row, _sentence in refused.value.refusals] == [rows[1].pk] and "审核中" in refused.value.refusals[0][1]
    assert handlers() == {office.handler.pk} and trail.rows_of(rows[0]).last().verb != "hand_over"


def test_who_may_and_to_whom(office):
    row = make_project(office, "ready", handler=office.handler)
    for actor in (office.staff, office.heir, office.accountant, office.finance):
        with pytest.raises(PermissionDenied):
            handing.hand_over(row, actor=actor, successor=office.heir, reason="调离")
    for successor, code in ((office.handler, "same"), (office.accountant, "not_handler"), (make_office("外街道").handler, "not_handler")):
        with pytest.raises(Refusal) as refused:
            handing.hand_over(row, actor=office.leader, successor=successor, reason="调离")
        assert refused.value.code == code
    with pytest.raises(Refusal) as refused:
        handing.hand_over(row, actor=office.leader, successor=office.heir, reason=" ")
    assert refused.value.code == "reason_missing"
    assert handing.hand_over(row, actor=office.handler, successor=office.heir, reason="分工").handler == office.heir


def test_its_open_tender_goes_with_it():
    walk = make_tender(state="published")
    tender = Tender.objects.get(pk=walk.tender.pk)
    project = tender.lots.first().project
    Project.objects.filter(pk=project.pk).update(handler=tender.handler)
    heir = join(make_user("接任经办人"), "handler", purchaser=tender.purchaser)
    leader = join(make_user("领导"), "leader", purchaser=tender.purchaser)
    handing.hand_over(project, actor=leader, successor=heir, reason="调离")
    tender.refresh_from_db()
    assert tender.handler == heir and trail.rows_of(tender).last().verb == "hand_over"


def test_the_screen_restates_confirms_and_comes_back_to_filter_and_selection(office, client):
    rows = [make_project(office, "ready", handler=office.handler) for _number in range(2)]
    client.force_login(office.leader, backend=BACKEND)
    back = f"{reverse('project_list')}?owner=@me&year=2026"
    asked = client.post(reverse("project_hand_over"), {"ids": [row.pk for row in rows], "_back": back})
    assert asked.status_code == 200 and len(asked.context["rows"]) == 2 and asked.context["going"] == 2 and handlers() == {office.handler.pk}
    seen = [f"{row.pk}:{office.handler.pk}:draft" for row in rows]
    form = {"ids": [row.pk for row in rows], "_back": back, "confirm": "1", "seen": seen}
    assert client.post(reverse("project_hand_over"), form).status_code == 422
    done = client.post(reverse("project_hand_over"), form | {"successor": office.heir.pk, "reason": "调离"})
    assert done.status_code == 302 and "owner=%40me" in done["Location"] and f"sel={rows[0].pk}-{rows[1].pk}" in done["Location"]
    assert handlers() == {office.heir.pk}
    again = client.post(reverse("project_hand_over"), form | {"successor": office.heir.pk, "reason": "调离"})
    assert again.status_code == 422 and all(row.refused for row in again.context["rows"])


def test_all_of_a_colleague_but_nothing_of_another_street(office, client):
    mine = make_project(office, "ready", handler=office.handler)
    make_project(office, "ready")
    other = make_office("外街道")
    far = make_project(other, "ready", handler=other.handler)
    client.force_login(office.leader, backend=BACKEND)
    assert client.get(reverse("project_hand_over"), {"of": office.handler.pk}).context["rows"] == [mine]
    assert client.get(reverse("project_hand_over"), {"of": other.handler.pk}).context["rows"] == []
    assert client.post(reverse("project_hand_over"), {"ids": [far.pk]}).context["rows"] == []
    client.force_login(office.accountant, backend=BACKEND)
    assert client.get(reverse("project_hand_over")).status_code == 403
