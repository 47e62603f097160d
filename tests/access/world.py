"""One district told by the demo's own verbs, in which everything stands at 柳荫社区 of one street; whoever is not of it is "the other's".

`people.own[role]` belong to the objects, `people.far[role]` hold the same role elsewhere: another street's office, another district's
bureau, the sister community next door and one of the other street, another provider, an expert and an auditor of other purchases.
"""

import datetime
from collections import defaultdict
from types import SimpleNamespace

from django.core.management import call_command
from django.test import Client

from communities.lifecycle import place as places
from communities.lifecycle import staff
from communities.lifecycle.wish import leave_wish
from communities.models import Place, Wish
from config.demo import story
from config.demo.cast import Cast, script
from config.demo.papers import scan
from config.demo.travel import Travel
from kernel import clock, notices
from procurement.models import Contract, Project
from providers.lifecycle import organization

NOW = datetime.datetime(2026, 11, 18, 10, 0, tzinfo=clock.ZONE)
HOME = "柳荫社区"
STREET_ROLES = ("handler", "section", "committee", "leader", "accountant", "cashier", "fund_owner", "supervisor", "legal", "observer")
ROLES = ("admin", "finance", "department", *STREET_ROLES, "community", "grid_worker", "provider", "expert", "auditor", "outsider")

# key, theme, way, scale, days before NOW it began, how far it goes: the stories of plots.toml, all moved to one community
PLOTS = (
    ("finding", "repair", "quotes", 1, 140, "finding"),
    ("closing", "culture", "quotes", 1, 175, "closing"),
    ("paying", "culture", "quotes", 1, 130, "paying"),
    ("scoring", "meals", "statutory", 3, 52, "scoring"),
    ("published", "youth", "statutory", 2, 34, "published"),
    ("contract_draft", "repair", "intended", 0.4, 30, "contract_draft"),
    ("approved", "repair", "quotes", 1, 26, "approved"),
    ("committee", "youth", "statutory", 2, 18, "committee"),
    ("submitted", "repair", "quotes", 1, 9, "submitted"),
    ("returned", "culture", "quotes", 1, 12, "returned"),
    ("draft", "youth", "quotes", 0.5, 6, "draft"),
)


def build():
    """The whole world at NOW. Call inside a transaction (or on a database of one's own)."""
    clock.set_to(NOW)
    call_command("load_calendar", verbosity=0)
    call_command("load_catalogue", verbosity=0)
    clock.set_to(Travel(story.FIRST_DAY, NOW).at)
    cast = Cast(script("cast"), [NOW.year]).build()
    themes = script("plots")["themes"]
    plots = {}
    for key, theme, way, scale, began, ends in PLOTS:
        title = f"{HOME}{key}项目"
        story.run({"key": key, "title": title, "way": way, "scale": scale, "began": began, "ends": ends, "place": HOME}, themes[theme], cast, NOW, 99)
        plots[key] = Project.objects.get(title=title)
    clock.set_to(NOW)
    world = SimpleNamespace(cast=cast, plots=plots, now=NOW, place=cast.places[HOME])
    world.wish = Wish.objects.get(pk=leave_wish(world.place, "希望门口修一条坡道。", group="残疾人", contact="13800001234", grid=cast.places["第一微网格"]).pk)
    story.wait_for_somebody(cast, NOW, "closed")
    world.people, world.read = gather(world), {}
    clock.set_to(NOW)
    notices.remind()
    return world


def gather(world):
    """Who belongs to the objects and who holds the same role elsewhere; missing ones are found for the purpose."""
    cast, people = world.cast, SimpleNamespace(own={}, far=defaultdict(list))
    for role in STREET_ROLES:
        people.own[role] = cast.people[role, "yuhe"]
        if (role, "wangxi") not in cast.people:
            person = cast.login(f"{role}_far", "外街道人员")
            staff.add_membership(person, role, actor=cast.admin, purchaser=cast.purchasers["wangxi"])
            cast.people[role, "wangxi"] = person
        people.far[role].append(cast.people[role, "wangxi"])
    district = places.add_place(Place.DISTRICT, "邻江区", actor=cast.admin, code="510198")
    bureau = places.add_purchaser("department", "邻江区民政局", district, actor=cast.admin)
    people.own |= {"admin": cast.admin, "finance": cast.users["finance"], "department": cast.users["department"], "community": cast.people["community", HOME]}
    people.own |= {"grid_worker": cast.users["grid"], "provider": cast.users["provider2"], "auditor": cast.users["auditor2"], "outsider": cast.login("nobody", "无任何角色")}
    for role, unit in (("finance", {"place": district}), ("department", {"purchaser": bureau}), ("grid_worker", {"place": grid_elsewhere(cast)})):
        person = cast.login(f"{role}_far", "外区人员")
        staff.add_membership(person, role, actor=cast.admin, **unit)
        people.far[role].append(person)
    people.far["community"] = [cast.people["community", "锦安社区"], cast.people["community", "竹影社区"]]
    people.far["provider"] = [cast.users["provider"], cast.users["newcomer"]]
    panel = world.plots["scoring"].lots.get().tender.panel
    sitting = {row.user_id for row in panel.members.filter(left_at=None)}
    experts = [user for name, user in cast.users.items() if name.startswith("expert")]
    people.own["expert"] = next(user for user in experts if user.pk in sitting)
    people.far["expert"] = [next(user for user in experts if user.pk not in sitting)]
    people.far["auditor"] = [other_firm(cast)]
    return people


def grid_elsewhere(cast):
    street = cast.places["望溪街道"]
    return Place.objects.get(kind=Place.GRID, path__startswith=street.path)


def other_firm(cast):
    """An auditor of a second audit firm, which checks nothing here."""
    from stdnum.cn import uscc

    body = "91510199MAX100099"
    person = cast.login("auditor_far", "外所审计员")
    made = organization.register(
        user=person, licence=scan("登记证书"), kind="company", name="四川明鉴会计师事务所有限公司", place=cast.places["清源区"], legal_representative="丁一", contact_name="丁一",
        contact_phone="13900000001", fields_of_work="审计", business_scope="审计", is_auditor=True, credit_code=body + uscc.calc_check_digit(body),
    )  # fmt: skip
    organization.verify(organization.submit(made, actor=person), actor=cast.people["handler", "yuhe"])
    return person


def contract(world, key):
    """The contract of a plot."""
    return Contract.objects.get(project=world.plots[key])


_clients = {}


def client_of(user):
    """A browser logged in as the user (None: not logged in), kept for the session."""
    key = user.pk if user else None
    if key not in _clients:
        _clients[key] = Client(raise_request_exception=False)
        _clients[key].defaults["tested.user"] = user
        if user:
            _clients[key].force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return _clients[key]


def forget_clients():
    _clients.clear()
