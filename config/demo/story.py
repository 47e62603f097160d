"""Tells the whole demo: the cast, then each plot from its first day as far as it goes, then what waits on today's desks."""

import datetime
import itertools

from communities.lifecycle import need as needs
from communities.lifecycle import staff, wish
from config.demo import desks, prices, special
from config.demo.applying import apply
from config.demo.cast import Cast, script
from config.demo.delivering import perform
from config.demo.portfolio import publish_lists
from config.demo.sourcing import choose, compete, outside
from config.demo.travel import Travel
from evaluation.models import PanelMember
from kernel import clock, notices
from kernel.models import User
from providers.lifecycle import account
from reporting.lifecycle import report

LEVELS = (
    "need", "draft", "submitted", "returned", "joint", "committee", "approved", "published", "to_open", "scoring", "evaluated", "resulted", "contract_draft",
    "signed", "to_pay", "delivering", "checking", "finding", "paying", "closing", "closed",
)  # fmt: skip
STAGES = {"needs": "need", "approved": "approved", "tendering": "resulted", "delivering": "paying", "closed": "closed"}
FIRST_DAY = 212


def staged():
    """Whether a demo is already there."""
    return User.objects.filter(is_demo=True).exists()


def tell(stage, say=lambda line: None, now=None):
    """Stage the demo up to `stage` (a key of STAGES), travelling from half a year ago to `now` (default: the wall clock). Returns the Cast."""
    now = (now or clock.wall()).astimezone(clock.ZONE)
    try:
        told, play = script("cast"), script("plots")
        first = Travel(FIRST_DAY, now).at
        clock.set_to(first)
        cast = Cast(told, sorted({first.year, now.year})).build()
        say(f"{len(cast.users)} people, {len(cast.places)} places, {len(cast.organizations)} organizations")
        prices.stock(cast)
        for plot in play["plots"]:
            reached = run(plot, play["themes"][plot["theme"]], cast, now, LEVELS.index(STAGES[stage]))
            say(f"{plot['title']}: {reached}")
        if stage != "needs":
            special.tell(cast, play["themes"], now)
            say("a framework with two orders, a single source under publicity, an invited tender in preparation")
        clock.set_to(now)
        wait_for_somebody(cast, now, stage)
        if stage != "needs":
            desks.fill(cast, play["themes"], now)
        publish_lists(cast)
    finally:
        clock.set_to(None)
    notices.remind()
    return cast


def run(plot, theme, cast, now, cap):
    """One plot until its own end or the stage's cap, whichever comes first. Returns the level reached."""
    travel = Travel(plot["began"], now)
    end = min(LEVELS.index(plot["ends"]), cap)
    level = ""
    for level in levels(plot, theme, cast.of(plot["place"]), cast, travel):
        if LEVELS.index(level) >= end or level == "returned":
            break
    return level


def levels(plot, theme, office, cast, travel):
    """The levels of a plot in the order of the main line."""
    row = None
    for level, row in apply(plot, theme, office, cast, travel):  # noqa: B007 - the next chapter starts from the last row
        yield level
    if plot["way"] in ("quotes", "intended"):
        source = choose(plot, row, office, cast, travel)
        yield "resulted"
    elif plot["way"] == "external":
        source = outside(plot, row, office, cast, travel)
        yield "resulted"
    else:
        for level, source in compete(plot, row, office, cast, travel):  # noqa: B007
            yield level
    for level, _contract in perform(plot, source, office, cast, travel):
        yield level


def wait_for_somebody(cast, now, stage):
    """Small things on today's desks: wishes, needs, an organization to verify, an account to confirm, last year's totals, a stand-in."""
    cast.register_organizations(newcomers=True)
    for row in cast.told["wishes"]:
        left = wish.leave_wish(cast.places[row["place"]], row["text"], group=row["group"], contact="13800001234")
        community = cast.people["community", row["place"]]
        if row.get("answer"):
            wish.answer(left, actor=community, answer=row["answer"])
        if row.get("adopted"):
            wish.adopt(left, actor=community, need=left.place.needs.filter(status="published").first())
    facts = {"target_group": "老年人", "headcount": 80, "method": "open_air", "asked_on": now.date(), "asked_count": 35, "opinion": "老人们愿意学，希望分小班、讲慢一点。"}
    community = cast.people["community", "竹影社区"]
    raised = needs.raise_need(cast.places["竹影社区"], community, title="智能手机使用培训", description="老人不会用手机挂号缴费，希望办班。", **facts)
    needs.confirm(raised, actor=community)
    needs.raise_need(cast.places["明月社区"], cast.people["community", "明月社区"], title="独居老人紧急呼叫", description="为独居老人安装一键呼叫并有人响应。", **facts)
    total = {**cast.told["total_last_year"], "source": cast.told["total_last_year"]["source"].format(year=now.year - 1)}
    earlier = now.date().replace(year=now.year - 1) if (now.month, now.day) != (2, 29) else now.date().replace(year=now.year - 1, day=28)
    report.enter_total(actor=cast.users["finance2"], place=cast.places[cast.told["district"]["name"]], year=now.year - 1, cutoff=earlier, **total)
    if stage == "needs":
        return
    from config.demo.papers import photo

    provider = cast.users["provider3"]
    account.ask_account(cast.organizations["chunhui"], actor=provider, bank="西川银行清源支行", number="6217001234567890", proof=photo("开户证明", 9))
    staff.stand_in(
        cast.people["accountant", "yuhe"], cast.people["fund_owner", "yuhe"], actor=cast.people["accountant", "yuhe"], starts_on=now.date(),
        ends_on=now.date() + datetime.timedelta(days=5), reason="外出培训",
    )  # fmt: skip


def sitting_expert():
    """The login of an expert who was drawn and still scores; the first of the pool before any panel sits."""
    sitting = PanelMember.objects.filter(is_expert=True, left_at=None, submitted_at=None, panel__status__in=("checking", "scoring"), user__is_demo=True)
    return sitting.order_by("user").values_list("user__username", flat=True).first() or "expert1"


def accounts():
    """One demo account per role: (what for, login name)."""
    rows = script("cast")["people"]
    seen, found = set(), [("平台管理员", "admin")]
    for username, name, title, role, _where in rows:
        if role not in seen:
            seen.add(role)
            found.append((f"{title} {name}", username))
    others = [("望溪街道监督专员（有结项待验收）", "supervisor2"), ("社会组织（承接主体）", "provider"), ("评审专家", sitting_expert()), ("第三方核查人员", "auditor2"), ("材料被退回、待补正的新组织", "newcomer2")]
    return list(itertools.chain(found, others))
