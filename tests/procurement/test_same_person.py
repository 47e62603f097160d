"""H01–H04: ties found by identity card, telephone, login, account and key people, not by the spelling of a name."""

import pytest

from evaluation.lifecycle import seats
from kernel import identities
from kernel.models import User
from procurement import eligibility
from procurement.lifecycle import declaration
from procurement.models import Bid
from providers import persons
from providers.lifecycle.organization import edit
from providers.models import OrganizationMember
from tests.factories.contracts import make_contract
from tests.factories.providers import make_draft, make_provider
from tests.factories.tenders import form_panel, make_tender, open_tender
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db
CARD, OTHER = "11010519491231002X", "110105194912310038"


@pytest.fixture
def walk(db):
    return make_tender(state="closed")


def fresh(user):
    """Another request: nothing asked before is remembered."""
    return User.objects.get(pk=user.pk)


def change(provider, **fields):
    for name, value in fields.items():
        setattr(provider.organization, name, value)
    provider.organization.save()


def texts(provider):
    row = Bid.objects.get(organization=provider.organization)
    return [(found["rule"], found["text"]) for found in row.warnings]


@pytest.mark.rule("H03", "H04")
def test_the_opening_finds_one_head_one_person_one_account_and_one_login(walk):
    one, two, three = walk.providers
    change(one, representative_id=CARD, legal_representative="李 明", contact_phone="028-1111")
    change(two, representative_id=CARD, legal_representative="李铭", contact_phone="(028) 1111")
    identities.state(three.user, id_number=CARD)
    OrganizationMember.objects.create(organization=three.organization, user=one.user, role="staff")
    two.account.number = one.account.number
    two.account.save()
    change(three, contact_phone="13711112222", legal_representative="赵四", contact_name="钱五")
    open_tender(walk.tender, walk.office)
    found = texts(one)
    assert ("H03", f"单位负责人为同一人（证件号码一致）：{two.organization}") in found and ("H04", f"联系电话相同：{two.organization}") in found
    assert ("H04", f"收款账户相同：{two.organization}") in found and ("H04", f"由同一人员办理：{three.organization}") in found
    assert ("H04", f"有同一人员（证件号码一致）：{three.organization}") in found and not any("联系电话" in text for _rule, text in texts(three))
    assert ("H04", f"关键人员同名（叶青）：{two.organization}") in found
    assert not any("单位负责人相同" in text for _rule, text in found)  # by the name alone nobody would have seen it


@pytest.mark.rule("H01")
def test_a_person_recognised_by_the_card_steps_aside_whatever_it_declared(walk):
    leader = walk.office.leader
    identities.state(leader, id_number=CARD)
    change(walk.providers[0], representative_id=CARD)
    open_tender(walk.tender, walk.office)
    bidders = declaration.bidders_of(type(walk.tender).objects.get(pk=walk.tender.pk))
    assert "法定代表人" in declaration.match(fresh(leader), bidders)
    tender = type(walk.tender).objects.get(pk=walk.tender.pk)
    assert declaration.objection(tender, fresh(leader)).code == "tie"
    declaration.declare(tender, actor=leader, no_post=True, no_kin=True, no_other=True)
    assert declaration.objection(type(tender).objects.get(pk=tender.pk), fresh(leader)).code == "tie"
    assert any(rule == "H01" and "应当回避" in text for rule, text in texts(walk.providers[0]))


@pytest.mark.rule("H01")
def test_a_telephone_in_common_is_answered_by_a_declaration_after_the_opening(walk):
    leader = walk.office.leader
    identities.state(leader, phone="137 0000 9999")
    change(walk.providers[0], contact_phone="13700009999")
    open_tender(walk.tender, walk.office)
    tender = type(walk.tender).objects.get(pk=walk.tender.pk)
    assert declaration.objection(tender, fresh(leader)).code == "tie"
    assert eligibility.ties(walk.providers[0].organization, tender) == [(leader, "phone")]
    declaration.declare(tender, actor=leader, no_post=True, no_kin=True, no_other=True)
    assert declaration.objection(type(tender).objects.get(pk=tender.pk), fresh(leader)) is None


def test_nothing_is_asked_of_who_stated_nothing_nor_of_who_left_long_ago(walk):
    leader, provider = walk.office.leader, walk.providers[0]
    assert persons.same_person(leader, [provider.organization]) == []
    identities.state(leader, id_number=CARD)
    identities.state(provider.user, id_number=CARD)
    assert [mark.how for _row, mark in persons.same_person(fresh(leader), [provider.organization])] == ["id"]
    row = OrganizationMember.objects.get(organization=provider.organization)
    OrganizationMember.objects.filter(pk=row.pk).update(ends_on=row.starts_on)
    assert persons.same_person(fresh(leader), [provider.organization]) == []


@pytest.mark.rule("H01")
def test_key_people_of_its_contracts_and_of_its_team_count(walk):
    scene = make_contract()
    office = scene.office
    tender = make_tender(office, state="published", title="同一街道的采购").tender
    person = scene.contract.key_people.get()
    assert eligibility.ties(scene.provider.organization, tender) == []
    identities.state(office.section, phone=person.phone)
    assert eligibility.ties(scene.provider.organization, tender) == [(office.section, "phone")]
    assert eligibility.ties(scene.provider.organization, tender, [office.leader.name]) == sorted([(office.section, "phone"), (office.leader, "name")], key=lambda row: row[0].pk)


@pytest.mark.rule("H02")
def test_an_expert_is_recognised_too(walk):
    open_tender(walk.tender, walk.office)
    sitting = form_panel(walk.tender, walk.office)
    member = sitting.sitting().first()
    assert seats.conflicts(sitting) == []
    identities.state(member.user, id_number=OTHER)
    change(walk.providers[1], representative_id=OTHER)
    assert "证件号码" in seats.conflicts(type(sitting).objects.get(pk=sitting.pk))[0][1]


def test_the_head_of_an_organization_is_checked_and_kept_when_left_empty():
    made = make_draft()
    assert refused("id_wrong", edit, made.organization, actor=made.user, representative_id="110105194912310021").field == "representative_id"
    edit(made.organization, actor=made.user, representative_id=CARD)
    made.organization.refresh_from_db()
    index = made.organization.representative_index
    assert made.organization.representative_id == CARD and index
    edit(made.organization, actor=made.user, address="新址")
    made.organization.refresh_from_db()
    assert made.organization.representative_index == index
    verified = make_provider()
    edit(verified.organization, actor=verified.user, representative_id=CARD)  # only compared, so it may come later too
    verified.organization.refresh_from_db()
    assert verified.organization.representative_index == index
