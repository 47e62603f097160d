"""What of contracts and payments may be corrected 更正: words and numbers on papers, never money, parties or dates that started clocks."""

from django.utils.translation import gettext_lazy as _

from kernel.corrections import correctable
from procurement.permissions_contract import handles, keeps_accounts, leads, pays

correctable("contract", "title", label=_("Title of the contract"), may_ask=handles, may_decide=leads)
correctable("contract", "deliverables", label=_("Deliverables"), may_ask=handles, may_decide=leads)
correctable("payment", "voucher_number", label=_("Payment voucher number"), may_ask=pays, may_decide=keeps_accounts, states=("paid",))
correctable("payment", "invoice_code", label=_("Invoice code"), may_ask=keeps_accounts, may_decide=leads)
