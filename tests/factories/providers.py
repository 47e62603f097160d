"""Providers, registered and verified through the real verbs."""

import io
from types import SimpleNamespace

from PIL import Image

from providers.lifecycle.account import ask_account, confirm_account
from providers.lifecycle.organization import register, submit, verify
from tests.factories.communities import make_office, make_user, unique
from tests.memory import remembered

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def credit_code(prefix="52", number=None):
    """A valid unified social credit code (GB 32100) nobody used before."""
    from stdnum.cn import uscc

    body = f"{prefix}510107MJX{int(number or unique()):06d}"
    return body + uscc.calc_check_digit(body)


def picture(colour=(200, 30, 30)):
    """A small real PNG as (name, bytes)."""
    out = io.BytesIO()
    Image.new("RGB", (16, 16), colour).save(out, "PNG")
    return ("执照.png", out.getvalue())


@remembered
def make_draft(name="", user=None, *, kind="service_agency", place=None, licence=True, **fields):
    """A registered organization and its manager: SimpleNamespace(organization, user)."""
    user = user or make_user(unique("provider"), "机构负责人")
    if kind not in ("person", "community_group"):
        fields.setdefault("credit_code", credit_code({"company": "91", "foundation": "53", "social_group": "51"}.get(kind, "52")))
    organization = register(
        user=user,
        kind=kind,
        name=name or f"清源区暖阳社会工作服务中心{unique()}",
        place=place,
        legal_representative="李明",
        contact_name="王芳",
        contact_phone="13800000000",
        licence=picture() if licence else None,
        **fields,
    )
    return SimpleNamespace(organization=organization, user=user)


@remembered
def make_provider(name="", office=None, *, account=True, **fields):
    """SimpleNamespace(organization, user, account, office): verified by the street's handler, account confirmed by its accountant."""
    office = office or make_office()
    made = make_draft(name, place=fields.pop("place", office.district), **fields)
    organization = submit(made.organization, actor=made.user)
    organization = verify(organization, actor=office.handler)
    row = None
    if account and organization.kind != "community_group":
        row = ask_account(organization, actor=made.user, bank="清源农村商业银行", number=f"6222 0000 {int(unique()):08d}", proof=picture((30, 30, 200)))
        row = confirm_account(row, actor=office.accountant)
    return SimpleNamespace(organization=organization, user=made.user, account=row, office=office)
