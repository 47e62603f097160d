"""Suppliers that are invited: a draw anybody can repeat, letters at one moment, and nobody who learns of another (B07, B10, B15, B27)."""

import hashlib

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from kernel import clock, trail
from kernel.models import Notice, TrailRow
from procurement.lifecycle import award, bid, invitation, tender
from procurement.models import Announcement, InvitationPool, Tender, TenderInvitation
from tests.factories import projects
from tests.factories.special import draw, invited_draft, make_invited, rank, suppliers
from tests.factories.tenders import make_bid, open_tender, travel
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(db):
    return projects.make_office()


@pytest.mark.rule("B07", mutate=("pool_multiple", "watchers"))
def test_a_draw_wants_twice_as_many_and_two_who_watch(office):
    row, five = invited_draft(office), suppliers(office, 5)
    invitation.freeze_pool(row, actor=office.handler, source="library", organizations=[one.organization for one in five])
    found = refused("pool_short", invitation.draw, row, actor=office.handler, count=3, watchers=[office.section, office.supervisor])
    assert "87号" in found.article
    six = five + suppliers(office, 1)
    invitation.freeze_pool(row, actor=office.handler, source="library", organizations=[one.organization for one in six])
    for watchers in ([office.section], [office.section, office.handler], [office.section, office.staff]):  # the drawer and outsiders do not count
        refused("watchers", invitation.draw, row, actor=office.handler, count=3, watchers=watchers)
    assert len(invitation.draw(row, actor=office.handler, count=3, watchers=[office.section, office.supervisor])) == 3


@pytest.mark.rule("B07", mutate="invited")
def test_three_are_invited_at_least(office):
    row, people = invited_draft(office), suppliers(office, 4)
    invitation.freeze_pool(row, actor=office.handler, source="library", organizations=[one.organization for one in people])
    refused("too_few", invitation.draw, row, actor=office.handler, count=2, watchers=[office.section, office.supervisor])
    found = refused("too_few_invited", tender.publish, row, actor=office.handler)
    assert "14条" in found.article
    people += suppliers(office, 2)
    draw(office, row, people)
    assert tender.publish(row, actor=office.handler).status == "published"


def test_the_draw_can_be_repeated_from_its_record(office):
    row, people = invited_draft(office), suppliers(office, 7)
    invited = draw(office, row, people, count=3)
    pool = InvitationPool.objects.get(tender=row)
    keys = sorted(one.organization.credit_code for one in people)
    again = sorted(keys, key=lambda key: hashlib.sha256(f"{pool.seed}:{key}".encode()).hexdigest())[:3]
    assert [one.organization.credit_code for one in invited] == again
    assert pool.digest == invitation.digest_of([{"key": key, "reason": ""} for key in keys])
    frozen = TrailRow.objects.get(verb="freeze_pool")
    assert frozen.params["digest"] == pool.digest and frozen.pk < TrailRow.objects.get(verb="draw").pk
    assert {row["name"] for row in pool.watchers} == {office.section.name, office.supervisor.name}


def test_a_draw_is_made_once(office):
    row, people = invited_draft(office), suppliers(office, 6)
    draw(office, row, people)
    refused("drawn", invitation.draw, row, actor=office.handler, count=3, watchers=[office.section, office.supervisor])
    refused("drawn", invitation.freeze_pool, row, actor=office.handler, source="library", organizations=[people[0].organization])
    refused("drawn", invitation.leave_out, TenderInvitation.objects.first(), actor=office.handler)


def test_an_invited_tender_draws_and_recommended_ones_go_on_the_list(office):
    row, people = invited_draft(office), suppliers(office, 6)
    refused("drawn_only", invitation.recommend, row, people[0].organization, actor=office.handler, how="recommended_by_purchaser", reason="熟悉社区")
    refused("reason_missing", invitation.freeze_pool, row, actor=office.handler, source="recommended", organizations=[people[0].organization])
    draw(office, row, people, source="recommended", reason="均在本区有三年以上服务经验")
    assert len(invitation.recommended(row)) == 6 and {one["reason"] for one in invitation.recommended(row)} == {"均在本区有三年以上服务经验"}


@pytest.mark.rule("B10", mutate="recommended_max=-1")
@pytest.mark.parametrize("method, case, rule", [("consultation", "services", "214号")])
def test_half_may_be_the_purchasers(office, method, case, rule):
    _half(office, method, case, rule)


@pytest.mark.rule("B15", mutate="recommended_max=-1")
def test_half_may_be_the_purchasers_in_a_negotiation(office):
    _half(office, "negotiation", "complex", "74号")


def _half(office, method, case, rule):
    row, people = invited_draft(office, method=method, case=case), suppliers(office, 4)
    for number, one in enumerate(people[:3]):
        invitation.recommend(row, one.organization, actor=office.handler, how="recommended_by_expert" if number == 0 else "recommended_by_purchaser", reason="同类服务经验丰富")
    found = refused("purchaser_share", tender.publish, row, actor=office.handler)
    assert rule in found.article
    invitation.recommend(row, people[3].organization, actor=office.handler, how="recommended_by_expert", reason="专业评级高")
    assert tender.publish(row, actor=office.handler).status == "published"


@pytest.mark.rule("B10", "B15", mutate=("B10.invited", "B15.invited"))
def test_three_are_invited_to_talks_too(office):
    for method, case in (("consultation", "services"), ("negotiation", "complex")):
        row, people = invited_draft(office, method=method, case=case), suppliers(office, 3)
        for one in people[:2]:
            invitation.recommend(row, one.organization, actor=office.handler, how="recommended_by_expert", reason="经验丰富")
        refused("too_few_invited", tender.publish, row, actor=office.handler)
        invitation.recommend(row, people[2].organization, actor=office.handler, how="recommended_by_expert", reason="经验丰富")
        assert tender.publish(row, actor=office.handler).status == "published"


def test_a_consultation_is_by_notice_unless_chosen_otherwise(office):
    from tests.factories.tenders import make_draft

    row = make_draft(office)
    refused("by_notice", invitation.recommend, row, suppliers(office, 1)[0].organization, actor=office.handler, how="recommended_by_expert", reason="经验丰富")
    refused("entry", invitation.choose_entry, make_draft(office, method="open_tender"), actor=office.handler, entry="invitation")
    with pytest.raises(PermissionDenied):
        invitation.choose_entry(row, actor=office.leader, entry="invitation")


def test_who_helped_to_draft_or_is_not_fit_is_not_invited(office):
    row, people = invited_draft(office), suppliers(office, 2)
    row.lots.get().project.drafting_help.add(people[0].organization)
    refused("drafted", invitation.freeze_pool, row, actor=office.handler, source="library", organizations=[people[0].organization])


@pytest.mark.rule("B27")
def test_only_the_invited_see_and_answer_it(office):
    walk = make_invited()
    row = walk.tender
    assert all(Tender.objects.visible_to(one.user).filter(pk=row.pk).exists() for one in walk.invited)
    assert not any(Tender.objects.visible_to(one.user).filter(pk=row.pk).exists() for one in walk.others)
    assert [Tender.objects.visible_to(one.user).open_for_responses(clock.now()).count() for one in (walk.invited[0], walk.others[0])] == [1, 0]
    assert not Announcement.objects.filter(tender=row, public=True).exists()
    lot = row.lots.get()
    found = refused("not_invited", bid.start_bid, walk.others[0].organization, lot, actor=walk.others[0].user)
    assert found.article
    assert make_bid(lot, walk.invited[0], 250000).status == "submitted"


def test_letters_go_out_at_one_moment_and_each_is_its_suppliers_alone(office):
    walk = make_invited()
    rows = list(TenderInvitation.objects.filter(tender=walk.tender))
    assert len({row.sent_at for row in rows}) == 1 and len({row.number for row in rows}) == 3
    assert Notice.objects.filter(kind="invited").count() == 3
    own = walk.invited[0]
    assert [row.organization for row in TenderInvitation.objects.visible_to(own.user)] == [own.organization]
    for person in (walk.office.section, walk.office.accountant, walk.office.staff, walk.office.finance):
        assert not TenderInvitation.objects.visible_to(person).exists()
    assert TenderInvitation.objects.visible_to(walk.office.handler).count() == 3


def test_no_trail_row_and_no_notice_names_an_invited_supplier(office):
    walk = make_invited()
    names = [one.organization.name for one in walk.invited] + [one.organization.credit_code for one in walk.invited]
    for row in trail.rows_of(walk.tender):
        assert not any(name in f"{row.params}{row.reason}" for name in names)
    for notice in Notice.objects.filter(kind="invited"):
        assert not any(name in str(notice.params) for name in names)


def test_a_clarification_goes_to_the_invited_only(office):
    walk = make_invited()
    tender.clarify(walk.tender, actor=walk.office.handler, text="服务地点以附件为准。")
    paper = Announcement.objects.get(tender=walk.tender, kind="correction")
    assert not paper.public
    assert [Announcement.objects.visible_to(one.user).filter(pk=paper.pk).exists() for one in (walk.invited[0], walk.others[0])] == [True, False]
    assert Notice.objects.filter(kind="invitation_corrected").count() == 3


def test_an_answer_binds_nobody_and_is_the_suppliers_own(office):
    walk = make_invited()
    row = TenderInvitation.objects.get(tender=walk.tender, organization=walk.invited[0].organization)
    assert invitation.answer(row, actor=walk.invited[0].user, accepts=False).answer == "declined"
    with pytest.raises(PermissionDenied):
        invitation.answer(row, actor=walk.invited[1].user, accepts=True)
    assert make_bid(walk.tender.lots.get(), walk.invited[0], 250000).status == "submitted"
    travel(walk.tender.deadline)
    refused("late", invitation.answer, row, actor=walk.invited[0].user, accepts=True)


@pytest.mark.rule("B07")
def test_names_and_reasons_are_published_with_the_result(office):
    row, people = invited_draft(office, method="consultation", case="services"), suppliers(office, 4)
    for number, one in enumerate(people):
        how = "recommended_by_expert" if number % 2 else "recommended_by_purchaser"
        invitation.recommend(row, one.organization, actor=office.handler, how=how, reason=f"理由{number}")
    row = tender.publish(row, actor=office.handler)
    lot = row.lots.select_related("tender", "project").get()
    for number, one in enumerate(people[:3]):
        make_bid(lot, one, 250000 + number)
    travel(row.deadline)
    open_tender(row, office)
    rank(row, office)
    award.decide_award(lot, actor=office.leader)
    award.publish_result(Tender.objects.get(pk=row.pk), actor=office.handler)
    body = Announcement.objects.get(tender=row, kind="result").body
    assert all(one.organization.name in body and f"理由{number}" in body for number, one in enumerate(people))


def test_the_pages_show_their_reader_what_is_theirs(office, client):
    walk = make_invited()
    page = reverse("tender_invitations", args=[walk.tender.pk])
    client.force_login(walk.office.handler)
    shown = client.get(page).content.decode()
    assert all(one.organization.name in shown for one in walk.invited)
    assert client.get(reverse("tender_draw_record", args=[walk.tender.pk])).content[:4] == b"%PDF"
    client.force_login(walk.office.section)
    assert client.get(page).status_code == 403
    own, other = walk.invited[:2]
    client.force_login(own.user)
    shown = client.get(walk.tender.get_absolute_url()).content.decode()
    assert own.organization.name in shown and other.organization.name not in shown
    letters = {row.organization_id: row.pk for row in TenderInvitation.objects.filter(tender=walk.tender)}
    assert client.get(reverse("invitation_letter", args=[letters[own.organization.pk]])).content[:4] == b"%PDF"
    assert client.get(reverse("invitation_letter", args=[letters[other.organization.pk]])).status_code == 404
    client.force_login(walk.others[0].user)
    assert client.get(walk.tender.get_absolute_url()).status_code == 404


def test_in_the_browsers_forms(office, client):
    row, people = invited_draft(office), suppliers(office, 6)
    client.force_login(office.handler)
    at = lambda name: reverse(name, args=[row.pk])  # noqa: E731
    answer = client.post(at("tender_pool"), {"source": "library", "organizations": [one.organization.pk for one in people]})
    assert answer.status_code == 302
    assert client.post(at("tender_draw"), {"count": 3, "watchers": [office.section.pk]}).status_code == 422
    assert client.post(at("tender_draw"), {"count": 3, "watchers": [office.section.pk, office.supervisor.pk]}).status_code == 302
    assert TenderInvitation.objects.filter(tender=row).count() == 3
