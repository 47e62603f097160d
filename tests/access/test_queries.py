"""Constant queries: every list with a few and with many rows, every page of one object, and everybody's desk (design.md, numbers that must hold)."""

import uuid

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from communities.models import Membership, Need, Purchaser, Wish
from evaluation.models import Check, Expert, Panel
from kernel.models import Job, Notice
from procurement.models import Activity, Backfill, CatalogueItem, Contract, Fund, Meeting, PaymentRequest, Project, Tender
from providers.models import Organization
from reporting.models import Report
from tests.access.answers import address
from tests.access.objects import people_of
from tests.access.tables import expected, rows_of
from tests.access.world import client_of

LIST, DETAIL, DESK = 12, 20, 15
MANY = 30
LISTS = {
    "purchaser_list": ("finance", Purchaser), "staff_list": ("leader", Membership), "wish_list": ("community", Wish), "need_list": ("community", Need),
    "organization_list": ("handler", Organization), "catalogue_list": ("handler", CatalogueItem), "fund_list": ("accountant", Fund), "project_list": ("handler", Project),
    "meeting_list": ("committee", Meeting), "backfill_list": ("handler", Backfill), "tender_list": ("handler", Tender), "contract_list": ("handler", Contract),
    "activity_list": ("handler", Activity), "payment_list": ("accountant", PaymentRequest), "check_list": ("handler", Check), "panel_list": ("handler", Panel),
    "expert_list": ("handler", Expert), "report_list": ("leader", Report), "notices": ("handler", Notice), "job_list": ("leader", Job),
}  # fmt: skip
NO_TABLE = {"access_log", "standin_list", "invitation_list", "place_list", "rule_list", "bid_list"}  # no row, or few rows by nature; measured as they are


def copy(row):
    """Another row like this one: unique columns get values of their own, one-to-one parents are copied too."""
    row = type(row)._base_manager.get(pk=row.pk)
    row.pk, row._state.adding = None, True
    for column in row._meta.concrete_fields:
        if column.primary_key:
            continue
        if column.one_to_one and not column.null:
            setattr(row, column.name, copy(getattr(row, column.name)))
        elif isinstance(column, models.UUIDField):
            setattr(row, column.attname, uuid.uuid4())
        elif column.unique and isinstance(column, models.CharField) and getattr(row, column.attname):
            setattr(row, column.attname, uuid.uuid4().hex[: column.max_length])
    together = {name for group in row._meta.constraints if isinstance(group, models.UniqueConstraint) for name in group.fields}
    for name in together:
        column = row._meta.get_field(name)
        if isinstance(column, models.CharField) and getattr(row, name) and not column.choices:
            setattr(row, name, uuid.uuid4().hex[: min(column.max_length, 18)])
        elif isinstance(column, models.ForeignKey) and column.name == "user":
            setattr(row, column.name, copy(getattr(row, name)))
    models.Model.save_base(row, raw=True)
    return row


def queries(user, where):
    """(response, queries) of one GET, with nothing kept from an earlier one."""
    with CaptureQueriesContext(connection, ) as seen:
        response = client_of(user).get(where)
    return response, [query["sql"] for query in seen.captured_queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]


@pytest.mark.parametrize("url", sorted(LISTS))
def test_lists_ask_as_often_for_many_rows(world, url):
    role, model = LISTS[url]
    user, where = world.people.own[role], address(world, url, "-")
    queries(user, where)
    response, few = queries(user, where)
    assert response.status_code == 200
    mine = model.objects.visible_to(user) if hasattr(model.objects.all(), "visible_to") else model.objects.filter(user=user) if hasattr(model, "user") else model.objects.all()
    row = mine.order_by("pk").last()
    assert row is not None
    for _number in range(MANY):
        copy(row)
    response, many = queries(user, where)
    assert response.status_code == 200
    assert len(few) <= LIST, "\n".join(few)
    assert len(many) <= LIST and len(many) <= len(few) + 2, "\n".join(many)


def test_every_list_is_measured():
    written = {row["url"] for row in rows_of("access.csv") if row["object"] == "-" and row["url"].endswith("_list")}
    assert written - set(LISTS) == NO_TABLE


OBJECT_PAGES = [row for row in rows_of("access.csv") if row["method"] == "GET" and row["object"] != "-" and "=200" in row["own"] and not row["url"].startswith(("account_", "mfa_"))]


@pytest.mark.parametrize("row", OBJECT_PAGES, ids=lambda row: f"{row['url']}-{row['object']}")
def test_pages_of_one_object(world, row):
    where, told = address(world, row["url"], row["object"]), set()
    for role, side, user in people_of(world, row["object"]):
        if side == "own" and role not in told and expected(row["own"], role) == "200":
            told.add(role)
            if role not in ("handler", "finance", "community", "provider", "auditor", "expert", "leader", "admin") and len(told) > 1:
                continue
            response, asked = queries(user, where)
            assert response.status_code == 200
            assert len(asked) <= DETAIL, f"{role}: {len(asked)}\n" + "\n".join(asked)


def test_everybodys_desk(world):
    slow = {}
    for role, side, user in people_of(world, "-"):
        _response, asked = queries(user, "/desk/")
        if len(asked) > DESK:
            slow[f"{side} {role}"] = (len(asked), asked)
    assert {who: count for who, (count, _asked) in slow.items()} == {}, "\n".join(next(iter(slow.values()))[1])
