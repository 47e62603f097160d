"""A small district with everybody in it. Places and purchasers come from the real functions, its sixteen people in two inserts."""

from functools import cache
from types import SimpleNamespace

from django.contrib.auth.hashers import make_password

from communities.lifecycle.place import add_place, add_purchaser
from communities.lifecycle.staff import add_membership
from communities.models import Membership, Place
from kernel.models import User
from tests.memory import remembered

PASSWORD = "order-the-dishes-7"
_count = 0


def unique(prefix=""):
    """A string nobody used before in this process."""
    global _count
    _count += 1
    return f"{prefix}{_count}"


def make_user(username="", name="", **fields):
    """A login with PASSWORD."""
    username = username or unique("user")
    return User.objects.create_user(username, PASSWORD, name=name or f"职员{username}", email=fields.pop("email", f"{username}@example.org"), **fields)


def join(role, *, purchaser=None, place=None, username="", actor=None):
    """A new person with one role."""
    user = make_user(username or unique(role))
    add_membership(user, role, actor=actor or user, purchaser=purchaser, place=place)
    return user


PURCHASER_PEOPLE = ("handler", "section", "committee", "leader", "accountant", "cashier", "observer", "legal", "fund_owner", "supervisor")


@cache
def hashed():
    """PASSWORD's hash, made once."""
    return make_password(PASSWORD)


def staff(units):
    """A person for each role at its unit, and the platform administrator."""
    names = {role: unique(role) for role in (*units, "admin")}
    people = [
        User(username=name, name=f"职员{name}", email=f"{name}@example.org", password=hashed(), is_platform_admin=role == "admin") for role, name in names.items()
    ]
    users = dict(zip(names, User.objects.bulk_create(people), strict=True))
    Membership.objects.bulk_create(Membership(user=users[role], role=role.rstrip("2"), **unit) for role, unit in units.items())
    return users


@remembered
def make_office(district=None):
    """district, street, communities[2], grid, purchaser (street office), bureau (civil affairs department), and one user per role:
    handler section committee leader accountant cashier observer legal fund_owner supervisor (street office), department (bureau),
    finance (district), community, community2 (communities[0], [1]), grid_worker, admin. `users`: all by role."""
    tag = unique()
    district = district or add_place(Place.DISTRICT, f"清源区{tag}", code="510199")
    street = add_place(Place.STREET, f"玉河街道{tag}", district)
    communities = [add_place(Place.COMMUNITY, f"{name}社区{tag}", street, population=people) for name, people in (("柳荫", 5200), ("锦安", 6400))]
    grid = add_place(Place.GRID, "第1微网格", communities[0])
    purchaser = add_purchaser("street", f"清源区玉河街道办事处{tag}", street)
    bureau = add_purchaser("department", f"清源区民政局{tag}", district)
    units = {role: {"purchaser": purchaser} for role in PURCHASER_PEOPLE} | {
        "department": {"purchaser": bureau},
        "finance": {"place": district},
        "community": {"place": communities[0]},
        "community2": {"place": communities[1]},
        "grid_worker": {"place": grid},
    }
    users = staff(units)
    return SimpleNamespace(district=district, street=street, communities=communities, grid=grid, purchaser=purchaser, bureau=bureau, users=users, **users)


@remembered
def make_need(office, *, status="published", **fields):
    """A need of communities[0], raised, confirmed and published by its community."""
    from communities.lifecycle.need import confirm, publish, raise_need
    from kernel import clock

    facts = {
        "title": "高龄独居老人助餐",
        "description": "社区内独居老人较多，午餐难以解决。",
        "target_group": "80周岁以上独居老人",
        "headcount": 60,
        "method": "meeting",
        "asked_on": clock.today(),
        "asked_count": 42,
        "opinion": "居民代表一致希望设立助餐点。",
    }
    need = raise_need(office.communities[0], office.community, **{**facts, **fields})
    if status in ("confirmed", "published"):
        need = confirm(need, actor=office.community)
    if status == "published":
        need = publish(need, actor=office.community)
    return need
