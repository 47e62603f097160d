"""Light where the law is light: from the approved project to the contract draft in at most four screens, by three quotes (practice 1)."""

import pytest

from kernel.money import yuan
from procurement.models import Contract
from tests.e2e.people import Person
from tests.factories.projects import make_office, make_project
from tests.factories.providers import make_provider

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.rule("B26")
def test_three_quotes_need_four_screens(browse):
    office = make_office()
    names = ["清风社区服务中心", "朗月社会工作服务社", "和畅公益发展中心"]
    for name in names:
        make_provider(name, office)
    project = make_project(office, "approved", 32000)
    handler = Person("handler", browse(office.handler))
    handler.opens(project.get_absolute_url()).presses("选定承接主体")
    handler.fills(organization=names[1], amount="29800", reason="三家比价，报价最低且满足需求。", no_tie=True)
    handler.rows("quotes", [{"organization": name, "price": price} for name, price in zip(names, ("31500", "29800", "30600"), strict=True)])
    handler.presses("选定").presses("起草合同")
    contract = Contract.objects.get()
    assert handler.tab.url.endswith(f"/contracts/{contract.pk}/edit/")
    assert (contract.organization.name, contract.amount, contract.status) == (names[1], yuan(29800), "draft")
    assert handler.pages == 4
    handler.sees(names[1]).rows("people", [{"name": "叶青", "duty": "项目负责人"}]).presses("保存").sees("29,800.00")
