"""公告: the text is made once from templates/documents/ (fields of 财办库〔2020〕50号), kept exactly as published, never edited.

`body` is finished HTML made by our own autoescaped templates. A mistake is corrected by a further announcement.
"""

from django.template.loader import render_to_string
from django.utils import translation

from kernel import clock
from procurement.models import Announcement

TITLES = {
    "notice": {"consultation": "竞争性磋商公告", "self_run": "采购公告"},
    "correction": {"": "更正公告"},
    "result": {"consultation": "成交结果公告", "self_run": "采购结果公告"},
    "termination": {"": "终止公告"},
    "contract": {"": "合同公告"},
    "acceptance": {"": "履约验收结果公告"},
    "complaint": {"": "投诉处理结果公告"},
    "single": {"": "单一来源采购公示"},
    "selection": {"": "入围结果公告"},
    "summary": {"": "框架协议年度成交汇总公告"},
}
INVITED_ONLY = ("correction",)  # of a purchase by invitation: never to everybody
LETTERS = {"notice": "GG", "correction": "GZ", "result": "JG", "termination": "ZZ", "contract": "HT", "acceptance": "YS", "complaint": "TS", "single": "DY", "selection": "RW", "summary": "HZ"}


def announce(kind, tender=None, *, actor, until=None, public=True, lot=None, contract=None, title="", number="", **context):
    """Publish one announcement and return it. `context` reaches the template templates/documents/<kind>.html beside `tender`."""
    method = tender.method if tender is not None else ""
    public = public and not (kind in INVITED_ONLY and tender is not None and tender.by_invitation)
    name = TITLES[kind].get(method) or next(iter(TITLES[kind].values()))
    base = number or (tender.number if tender is not None else contract.number)
    serial = Announcement.objects.filter(number__startswith=f"{base}-{LETTERS[kind]}").count() + 1
    heading = f"{title or (tender.title if tender is not None else contract.title)}{name}"
    values = {
        "tender": tender, "lot": lot, "contract": contract, "heading": heading, "today": clock.today(), "now": clock.now(),
        "until": until, "lots": list(tender.lots.select_related("project__place", "project__item")) if tender is not None else [], **context,
    }
    with translation.override("zh-hans"):
        body = render_to_string(f"documents/{kind}.html", values)
    return Announcement.objects.create(
        tender=tender, lot=lot, contract=contract, kind=kind, number=f"{base}-{LETTERS[kind]}{serial}", title=heading, body=body,
        published_at=clock.now(), until=until, published_by=actor, public=public,
    )
