"""项目申报书: the application as a paper."""

from kernel import clock
from kernel.pdf import render_pdf
from procurement.documents import KINDS
from procurement.lifecycle.budget import shares

INDICATOR_KINDS = {"quantity": "产出—数量", "quality": "产出—质量", "timeliness": "产出—时效", "cost": "产出—成本", "benefit": "效益", "satisfaction": "满意度"}
WAYS = {"open": "公开征集、竞争择优", "intended": "意向承接主体（街道直接选定额度内）"}
SOURCES = {"fiscal": "财政预算", "community": "社区资金", "party_service": "党组织服务群众经费", "subsidy": "上级补助", "donation": "社会捐赠", "low_fee": "低偿收费"}
METHODS = {"questionnaire": "问卷调查", "interview": "个案访谈", "focus_group": "焦点小组", "meeting": "居民代表会议", "open_air": "坝坝会", "wishes": "居民心愿"}


def application_pdf(project):
    """The project's application paper as PDF bytes. Raises Refusal when this machine makes no PDF."""
    lines = list(project.lines.all())
    needs = list(project.needs.all())
    for need in needs:
        need.how_asked = METHODS.get(need.method, need.method)
    return render_pdf(
        "documents/application.html",
        {
            "project": project, "needs": needs, "plan": project.plan.all(), "shares": shares(lines), "kinds": KINDS, "indicators": project.indicators.all(),
            "indicator_kinds": INDICATOR_KINDS, "way": WAYS[project.way], "funding": project.fundings.select_related("fund"), "sources": SOURCES,
            "helpers": project.drafting_help.all(), "printed": clock.now(),
        },
    )  # fmt: skip
