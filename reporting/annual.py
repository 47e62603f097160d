"""The finance bureau's annual report: PDF in volumes and one Excel file, made by the worker, kept and verifiable."""

from datetime import date

from django.core.files.base import ContentFile
from django.utils.translation import gettext_lazy as _

from communities.models import Place, Purchaser
from kernel import clock, files, jobs
from kernel.models import User
from kernel.pdf import render_pdf
from procurement.models import Project
from reporting import figures as sums
from reporting.models import Report
from reporting.qr import qr_data_uri, verify_url
from reporting.workbook import write_workbook

VOLUME_ROWS = 2000


def scope_of(report):
    """The Scope a report was asked for."""
    if report.purchaser_id:
        return sums.Scope(purchaser=Purchaser.objects.get(pk=report.purchaser_id))
    return sums.Scope(place=Place.objects.get(pk=report.place_id))


def volumes(rows, size=VOLUME_ROWS):
    """Rows cut into volumes; at least one, so that an empty year prints an honest empty table."""
    return [rows[start : start + size] for start in range(0, len(rows), size)] or [[]]


def lines_of(scope, year, cutoff):
    """What the report prints per contract."""
    paid = sums.paid_by_contract(scope, year, cutoff)
    return [
        {
            "number": row.number,
            "title": row.title,
            "purchaser": row.purchaser.name,
            "place": row.project.place.name,
            "provider": row.organization.name,
            "method": row.lot.tender.way.name if row.lot_id else "直接选定",
            "signed_on": row.signed_on,
            "amount": row.current_amount,
            "portion": row.portion,
            "paid": paid.get(row.pk, sums.ZERO),
            "backfill": row.is_backfill,
        }
        for row in sums.contract_rows(scope, year, cutoff)
    ]


def workbook(scope, year, cutoff, found, lines):
    """Three sheets: figures, contracts, payments."""
    summary = [
        ["口径", "数值", "单位"],
        ["购买服务项目数", found.now.projects, "个"],
        ["当年合同金额", found.now.amount, "元"],
        ["当年已支付", found.now.paid, "元"],
        ["比上年增长", found.growth if found.growth is not None else "无上年可比数据", "%"],
        ["服务人次", found.attendances, "人次"],
        ["可识别服务人数", found.people, "人"],
        ["申报覆盖人数", found.declared, "人"],
        ["其中：向社会组织购买", found.from_social, "元"],
        ["统计截止", cutoff, ""],
    ]
    head = ["合同编号", "合同名称", "采购人", "社区", "承接主体", "采购方式", "签订日期", "合同金额（元）", "当年金额（元）", "当年已支付（元）", "补录"]
    contracts = [head] + [
        [r["number"], r["title"], r["purchaser"], r["place"], r["provider"], r["method"], r["signed_on"], r["amount"], r["portion"], r["paid"], "是" if r["backfill"] else ""]
        for r in lines
    ]
    payments = [["付款日期", "付款申请编号", "合同编号", "承接主体", "支付节点", "金额（元）", "付款凭证号", "发票号码"]] + [
        [r.paid_on, r.number, r.stage.contract.number, r.stage.contract.organization.name, r.stage.name, r.amount, r.voucher_number, r.invoice_number]
        for r in sums.payment_rows(scope, year, cutoff)
    ]
    return write_workbook({"年度数据": summary, "合同": contracts, "支付": payments})


@jobs.register("reporting.annual", label=_("Annual report of purchases"))
def make_annual(run, *, report):
    """Render all files of one annual report and attach them; running again replaces nothing that is already there."""
    row = Report.objects.get(pk=report)
    if row.made_at:
        return row.get_absolute_url()
    actor = User.objects.get(pk=row.requested_by_id)
    scope, year, cutoff = scope_of(row), row.params["year"], date.fromisoformat(row.params["cutoff"])
    found, lines = sums.figures(scope, year, cutoff), lines_of(scope, year, cutoff)
    run.progress(20, "report.figures")
    made, parts = {}, volumes(lines)
    address = verify_url(row.number)
    for number, part in enumerate(parts, start=1):
        context = {
            "report": row, "figures": found, "scope": scope, "year": year, "cutoff": cutoff, "lines": part, "volume": number, "volumes": len(parts),
            "start": (number - 1) * VOLUME_ROWS, "totals": {key: sum((line[key] for line in lines), sums.ZERO) for key in ("amount", "portion", "paid")},
            "made_on": clock.today(), "qr": qr_data_uri(address), "verify_url": address,
        }
        suffix = f"-第{number}册共{len(parts)}册" if len(parts) > 1 else ""
        made[f"{scope.name}{year}年度政府购买社区服务报告{suffix}.pdf"] = render_pdf("documents/annual_report.html", context)
        run.progress(20 + 60 * number // len(parts), "report.pages")
    made[f"{scope.name}{year}年度政府购买社区服务明细.xlsx"] = workbook(scope, year, cutoff, found, lines)
    run.progress(90, "report.keeping")
    return keep(run, row, made, actor)


def keep(run, row, made, actor):
    """Attach the files of a report once, with their digests; a run that lost its claim leaves nothing."""
    with run.step():
        digests = {}
        for name, content in made.items():
            attachment = files.attach(row, ContentFile(content, name=name), "report", actor=actor)
            digests[name] = attachment.sha256
        Report.objects.filter(pk=row.pk, made_at=None).update(digests=digests, made_at=clock.now())
    return row.get_absolute_url()


@jobs.register("reporting.ledger", label=_("Project ledger"))
def make_ledger(run, *, report):
    """The ledger of one project from wish to payment (政府采购法实施条例; 74号令 第26条)."""
    from reporting.ledger import ledger_context

    row = Report.objects.get(pk=report)
    if row.made_at:
        return row.get_absolute_url()
    actor = User.objects.get(pk=row.requested_by_id)
    project = Project.objects.select_related("place", "purchaser", "item").get(pk=row.project_id)
    run.progress(20, "report.figures")
    address = verify_url(row.number)
    context = {**ledger_context(project), "report": row, "made_on": clock.today(), "qr": qr_data_uri(address), "verify_url": address}
    content = render_pdf("documents/project_ledger.html", context)
    run.progress(90, "report.keeping")
    return keep(run, row, {f"项目台账-{project.number}.pdf": content}, actor)


jobs.message("report.figures", _("Adding up the figures"))
jobs.message("report.pages", _("Laying out the pages"))
jobs.message("report.keeping", _("Keeping the files"))
