"""Papers of contract and payment as PDF: the contract text 服务合同 and the payment slip 付款申请单."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.utils.http import content_disposition_header

from kernel import clock, rules
from kernel.detail import refuse
from kernel.lifecycle import Refusal
from kernel.pdf import render_pdf
from kernel.rules import carries
from procurement.lifecycle.contract_draft import agreed_plan
from procurement.models import Contract, PaymentStage

SETTLEMENTS = {"lump_sum": "总价包干", "actual_cost": "据实结算，各明细不超过预算", "unit_price": "按单价和核定数量结算"}
CONDITIONS = {"signed": "合同签订后", "date": "{date}起", "progress": "本阶段活动经社区确认、核查后", "closing": "结项验收合格后"}


@carries("D13")
def contract_paper(contract):
    """The contract as PDF bytes, in Chinese: parties, service, money in figures and 大写, stages, people, no transfer (D13), signatures."""
    stages = [{"row": row, "when": CONDITIONS[row.condition].format(date=row.condition_date or "")} for row in contract.stages.order_by("order")]
    context = {
        "contract": contract, "project": contract.project, "stages": stages, "portions": contract.portions.select_related("fund"),
        "people": contract.key_people.filter(left_on=None), "settlement": SETTLEMENTS[contract.settlement], "plan": agreed_plan(contract),
        "lines": contract.lines.all(), "printed": clock.now(), "kinds": dict(Contract.KINDS),
        "pay_days": rules.get("E01", on=clock.today()).days("pay"), "addition_max": rules.get("D11", on=clock.today()).value("addition_max"),
    }  # fmt: skip
    with translation.override("zh-hans"):
        return render_pdf("documents/contract_paper.html", context)


def payment_slip(request):
    """The payment slip 付款申请单 as PDF bytes: amount, invoice, account, approvals with names and times."""
    contract = request.contract
    approvals = list(request.approvals.select_related("approved_by", "on_behalf_of").order_by("order"))
    route = [{"name": step["name"], "done": next((row for row in approvals if row.order == index), None)} for index, step in enumerate(request.route)]
    context = {"request_": request, "contract": contract, "route": route, "condition": dict(PaymentStage.CONDITIONS), "printed": clock.now(), "account": request.account}
    with translation.override("zh-hans"):
        return render_pdf("documents/payment_slip.html", context)


def pdf_response(request, subject, make, name):
    """The PDF as a download, or back to the subject's page with the reason why this machine can't make one."""
    try:
        content = make()
    except Refusal as refusal:
        refuse(request, refusal)
        return redirect(subject)
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(False, name)
    return response
