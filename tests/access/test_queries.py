"""Constant queries: every list with a few and with many rows, every page of one object, and everybody's desk (design.md, numbers that must hold)."""

import itertools
import uuid

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from communities.models import Membership, Need, Purchaser, Wish
from evaluation.models import Check, Expert, Panel
from kernel.models import Job, Notice
from procurement.lifecycle import tender
from procurement.models import (
    Activity,
    Award,
    Backfill,
    Bond,
    CatalogueItem,
    Challenge,
    Complaint,
    Contract,
    Framework,
    Fund,
    Inquiry,
    Meeting,
    PaymentRequest,
    PriceEntry,
    Project,
    ProjectList,
    Tender,
)
from providers.models import Organization
from reporting.models import Report
from tests.access.answers import address
from tests.access.objects import people_of
from tests.access.tables import expected, rows_of
from tests.access.world import client_of
from tests.bench import makers

LIST, DETAIL, FORM, DESK = 12, 20, 25, 15
MANY = 30
LISTS = {
    "purchaser_list": ("finance", Purchaser), "staff_list": ("leader", Membership), "wish_list": ("community", Wish), "need_list": ("community", Need),
    "organization_list": ("handler", Organization), "catalogue_list": ("handler", CatalogueItem), "fund_list": ("accountant", Fund), "project_list": ("handler", Project), "price_list": ("handler", PriceEntry),
    "meeting_list": ("committee", Meeting), "projectlist_list": ("leader", ProjectList), "backfill_list": ("handler", Backfill), "tender_list": ("handler", Tender), "contract_list": ("handler", Contract),
    "activity_list": ("handler", Activity), "payment_list": ("accountant", PaymentRequest), "check_list": ("handler", Check), "panel_list": ("handler", Panel),
    "expert_list": ("handler", Expert), "report_list": ("leader", Report), "notices": ("handler", Notice), "job_list": ("leader", Job),
    "challenge_list": ("handler", Challenge), "complaint_list": ("finance", Complaint),
    "award_list": ("handler", Award), "bond_list": ("accountant", Bond), "inquiry_list": ("handler", Inquiry), "framework_list": ("handler", Framework),
}  # fmt: skip
NO_TABLE = {"standin_list", "invitation_list", "place_list", "rule_list", "bid_list"}  # no row, or few rows by nature; measured as they are


def copy(model, pk):
    """The id of another row like this one, made in the database: unique columns get values of their own, parents that may have one child are copied too."""
    changed = {}
    for column in model._meta.concrete_fields:
        if column.one_to_one and (not column.null or model is Panel):
            changed[column.name] = column
        elif column.unique and not column.primary_key and not column.null:
            changed[column.name] = column
        elif column.unique and not column.primary_key:
            changed[column.name] = None
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint) and constraint.fields:
            columns = [model._meta.get_field(name) for name in constraint.fields]
            if not any(column.name in changed for column in columns):
                chosen = next((column for column in columns if isinstance(column, (models.CharField, models.IntegerField)) and not column.choices), columns[0])
                changed[chosen.name] = chosen
    names, values, parts = [], [], []
    quote = connection.ops.quote_name
    for column in model._meta.concrete_fields:
        if column.primary_key:
            continue
        names.append(quote(column.column))
        if column.name not in changed:
            parts.append(quote(column.column))
            continue
        parts.append("%s")
        values.append(None if changed[column.name] is None else fresh(model, pk, column))
    table = quote(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(parts)} FROM {table} WHERE id = %s RETURNING id", [*values, pk])
        return cursor.fetchone()[0]


def fresh(model, pk, column):
    """A value of a column nobody else has."""
    if column.is_relation:
        target = model._base_manager.values_list(column.attname, flat=True).get(pk=pk)
        return copy(column.related_model, target) if target else None
    if isinstance(column, models.IntegerField):
        return next(_numbers)
    made = uuid.uuid4()
    return column.get_db_prep_save(made, connection) if isinstance(column, models.UUIDField) else made.hex[: column.max_length or 32]


_numbers = itertools.count(1000)


def queries(user, where):
    """(response, queries) of one GET, with nothing kept from an earlier one."""
    with CaptureQueriesContext(connection) as seen:
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
        copy(model, row.pk)
    response, many = queries(user, where)
    assert response.status_code == 200
    assert len(few) <= LIST, "\n".join(few)
    assert len(many) <= LIST and len(many) <= len(few) + 2, "\n".join(many)


def test_every_list_is_measured():
    written = {row["url"] for row in rows_of("access.csv") if row["object"] == "-" and row["url"].endswith("_list")}
    assert written - set(LISTS) == NO_TABLE


OBJECT_PAGES = [row for row in rows_of("access.csv") if row["method"] == "GET" and row["object"] != "-" and "=200" in row["own"] and not row["url"].startswith(("account_", "mfa_"))]


@pytest.mark.parametrize("row", OBJECT_PAGES, ids=lambda row: f"{row['url']}-{row['object']}")
def test_pages_of_one_object(world, unprinted, row):
    where, told = address(world, row["url"], row["object"]), set()
    for role, side, user in people_of(world, row["object"]):
        if side == "own" and role not in told and expected(row["own"], role) == "200":
            told.add(role)
            if role not in ("handler", "finance", "community", "provider", "auditor", "expert", "leader", "admin") and len(told) > 1:
                continue
            response, asked = queries(user, where)
            assert response.status_code == 200
            assert len(asked) <= (DETAIL if row["url"].endswith("_detail") else FORM), f"{role}: {len(asked)}\n" + "\n".join(asked)


@pytest.mark.parametrize(("key", "role"), [("project_draft", "community"), ("project_returned", "community"), ("project_pre", "section"), ("project_committee", "handler"), ("project_approved", "handler")])
def test_a_project_in_every_state(world, key, role):
    """A project's page asks other things while it is drafted, reviewed and approved."""
    response, asked = queries(world.people.own[role], address(world, "project_detail", key))
    assert response.status_code == 200
    assert len(asked) <= DETAIL, f"{role}: {len(asked)}\n" + "\n".join(asked)


@pytest.mark.parametrize("role", ["handler", "leader", "legal"])
def test_a_purchase_in_preparation(world, role):
    """The page that says what is still missing before the publication."""
    row = tender.create_tender([world.plots["approved"]], actor=world.people.own["handler"])
    user, where = world.people.own[role], row.get_absolute_url()
    response, asked = queries(user, where)
    assert response.status_code == 200
    assert len(asked) <= DETAIL, f"{role}: {len(asked)}\n" + "\n".join(asked)


@pytest.mark.parametrize("role", ["section", "accountant", "finance", "community", "provider"])
def test_the_project_list_past_its_first_page(world, role):
    """Sums of a list longer than its page are asked of the database, for readers whose menu must be looked up, too."""
    user, where = world.people.own[role], address(world, "project_list", "-")
    for row in Project.objects.visible_to(user).order_by("pk")[:1]:
        for _number in range(MANY):
            copy(Project, row.pk)
    response, asked = queries(user, where)
    assert response.status_code == 200
    assert len(asked) <= LIST, "\n".join(asked)


@pytest.mark.parametrize("role", ["handler", "section", "leader", "accountant", "cashier", "supervisor"])
def test_a_desk_with_a_year_of_work(world, role):
    """With awards, bonds, challenges, activities, payments and checks waiting at once, more of each than a desk shows."""
    makers.grow(makers.Block(world.cast).build(), 300)
    user = world.people.own[role]
    client_of(user).get("/desk/")
    response, asked = queries(user, "/desk/")
    assert response.status_code == 200
    assert len(asked) <= DESK, f"{role}: {len(asked)}\n" + "\n".join(asked)


def test_everybodys_desk(world):
    slow = {}
    for role, side, user in people_of(world, "-"):
        client_of(user).get("/desk/")  # the first visit of a session looks after the second factor
        _response, asked = queries(user, "/desk/")
        if len(asked) > DESK:
            slow[f"{side} {role}"] = (len(asked), asked)
    assert {who: count for who, (count, _asked) in slow.items()} == {}, "\n".join(next(iter(slow.values()))[1])
