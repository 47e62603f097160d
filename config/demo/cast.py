"""Builds the people, places, organizations and money of cast.toml through the real verbs."""

import itertools
import tomllib
from pathlib import Path
from types import SimpleNamespace

from stdnum.cn import uscc

from communities.lifecycle import place as places
from communities.lifecycle import staff
from communities.models import Place
from config.demo import funds, gates
from config.demo.papers import photo, scan
from evaluation.lifecycle.expert import enter_expert
from kernel.models import User
from procurement.lifecycle import configuration, fund
from procurement.lifecycle.opening import enrol_opener
from providers.lifecycle import account, organization
from providers.lifecycle.members import add_member

HERE = Path(__file__).parent


def script(name):
    """One of the demo's TOML files."""
    return tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))


class Cast:
    """Everybody by key. `people[(role, purchaser key)]` finds who acts for a street."""

    def __init__(self, told, years):
        self.told, self.years = told, years
        self.users, self.people, self.places, self.purchasers, self.organizations, self.funds = {}, {}, {}, {}, {}, {}

    def login(self, username, name, title=""):
        user = User.objects.create_user(username, self.told["password"], name=name, title=title, email=f"{username}@demo.example", is_demo=True)
        self.users[username] = user
        return user

    def build(self):
        """The whole cast; the administrator founds it, each street's own people do the rest."""
        self.admin = self.login("admin", "平台管理员", "平台管理员")
        User.objects.filter(pk=self.admin.pk).update(is_platform_admin=True)
        self.admin.refresh_from_db()
        self.found_places()
        self.found_people()
        self.settle_rules()
        self.register_organizations()
        self.enter_experts()
        self.approve_funds()
        for username in self.told["openers"]:
            enrol_opener(self.users[username], self.told["passphrase"])
        return self

    def found_places(self):
        district = self.told["district"]
        top = self.places[district["name"]] = places.add_place(Place.DISTRICT, district["name"], actor=self.admin, code=district["code"])
        for row in self.told["streets"]:
            street = self.places[row["name"]] = places.add_place(Place.STREET, row["name"], top, actor=self.admin)
            for name, residents in row["communities"]:
                self.places[name] = places.add_place(Place.COMMUNITY, name, street, actor=self.admin, population=residents)
            for name in row["grids"]:
                first = self.places[row["communities"][0][0]]
                grid = places.add_place(Place.GRID, name, first, actor=self.admin)
                self.places.setdefault(name, grid)
        for row in self.told["purchasers"]:
            details = {key: row[key] for key in ("phone", "address")}
            self.purchasers[row["key"]] = places.add_purchaser(row["kind"], row["name"], self.places[row["place"]], actor=self.admin, **details)

    def found_people(self):
        for username, name, title, role, where in self.told["people"]:
            user = self.login(username, name, title)
            purchaser = self.purchasers.get(where)
            staff.add_membership(user, role, actor=self.admin, purchaser=purchaser, place=None if purchaser else self.places[where])
            self.people.setdefault((role, where), user)

    def settle_rules(self):
        for key in ("yuhe", "wangxi"):
            configuration.defaults_for(self.purchasers[key], self.people["section", key], self.people["leader", key])
            gates.name_members(self.purchasers[key], self.people, key)

    def register_organizations(self, newcomers=False):
        """The organizations that are there from the start, or those that turn up on the last day and wait to be verified."""
        for number, row in enumerate(self.told["organizations"], start=1):
            if row.get("unverified", False) != newcomers:
                continue
            manager = self.login(row["username"], row["manager"], "负责人")
            fields = {"credit_code": row["body"] + uscc.calc_check_digit(row["body"])} if "body" in row else {"supporter": self.organizations[row["supporter"]]}
            made = organization.register(
                user=manager, licence=scan(f"{row['name']}登记证书"), kind=row["kind"], name=row["name"], place=self.places[self.told["district"]["name"]],
                legal_representative=row["manager"], contact_name=row["manager"], contact_phone=f"139{number:08d}", fields_of_work=row["fields"],
                business_scope=row["fields"], is_auditor=row.get("auditor", False), **fields,
            )  # fmt: skip
            made = organization.submit(made, actor=manager)
            if not row.get("unverified"):
                made = organization.verify(made, actor=self.people["handler", "yuhe"])
                if row["kind"] != "community_group":
                    asked = account.ask_account(made, actor=manager, bank="清源农村商业银行营业部", number=f"6228480000{made.pk:06d}", proof=photo(row["name"], made.pk))
                    account.confirm_account(asked, actor=self.people["accountant", "yuhe"])
            self.organizations[row["key"]] = made
        if newcomers:
            return
        second = self.login("auditor2", "沈核", "项目经理")
        add_member(self.organizations["chengxin"], second, "staff", actor=self.users["auditor"])

    def enter_experts(self):
        for username, name, specialities, employer in self.told["experts"]:
            enter_expert(self.login(username, name, "评审专家"), actor=self.people["handler", "yuhe"], specialities=specialities, employer=employer)

    def approve_funds(self):
        """Each fund in every year the story touches."""
        for row, year in itertools.product(self.told["funds"], self.years):
            key = row["purchaser"]
            made = fund.create_fund(self.people["fund_owner", key], purchaser=self.purchasers[key], name=row["name"], source=row["source"], fiscal_year=year, amount=row["amount"])
            self.funds[row["key"], year] = fund.approve(made, actor=self.people["accountant", key], document=row["document"].format(year=year))
        for year in self.years:
            funds.tell(self, year)

    def of(self, place_name):
        """Who acts for a community: its street's people by role, its own staff, its fund."""
        place = self.places[place_name]
        key = next(key for key, unit in self.purchasers.items() if unit.kind == "street" and place.path.startswith(unit.place.path))
        found = {role: user for (role, where), user in self.people.items() if where == key}
        return SimpleNamespace(**found, community=self.people["community", place_name], place=place, purchaser=self.purchasers[key], fund_key=f"{key}_services")
