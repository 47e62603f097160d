"""公告: the text is made once from templates/documents/ in the official form (procurement/notices.py), kept exactly as published, never edited.

`body` is finished HTML made by our own autoescaped templates; `fields` is read back from it. A mistake is corrected by a further announcement.
"""

from django.template.loader import render_to_string
from django.utils import translation

from kernel import clock
from procurement import methods, notices
from procurement.models import Announcement

INVITED_ONLY = ("correction",)  # of a purchase by invitation: never to everybody


def announce(kind, tender=None, *, actor, until=None, public=True, lot=None, contract=None, title="", number="", corrects=None, intention=None, place=None, form="", template="", **context):
    """Publish one announcement and return it. `context` reaches the template templates/documents/<kind>.html beside `tender`.

    `form`: code of the official form, where the kind and the purchasing method do not say it. Raises Refusal naming a needed field that is empty.
    """
    public = public and not (kind in INVITED_ONLY and tender is not None and tender.by_invitation)
    chosen = notices.FORMS[form] if form else notices.form_for(kind, tender.method if tender is not None else "")
    base = number or (tender.number if tender is not None else contract.number)
    serial = Announcement.objects.filter(number__startswith=f"{base}-{chosen.letters}").count() + 1
    heading, body = written(chosen, tender, lot=lot, contract=contract, title=title, until=until, template=template, intention=intention, **context)
    return Announcement.objects.create(
        tender=tender, lot=lot, contract=contract, intention=intention, place=place, corrects=corrects, kind=kind, form=chosen.code, fields=chosen.said(body),
        number=f"{base}-{chosen.letters}{serial}", title=heading, body=body, published_at=clock.now(), until=until, published_by=actor, public=public,
    )  # fmt: skip


def written(form, tender=None, *, lot=None, contract=None, title="", until=None, template="", **context):
    """(title, HTML) of an announcement as it would be published, without publishing it."""
    heading = f"{title or (tender.title if tender is not None else contract.title)}{form.title(tender.method if tender is not None else '')}"
    with translation.override("zh-hans"):
        values = {
            "tender": tender, "lot": lot, "contract": contract, "heading": heading[:160], "today": clock.today(), "now": clock.now(), "until": until, "form": form,
            "method": methods.of(tender) if tender is not None else None, "ranking": methods.ranking_of(tender) if tender is not None else "", "lots": list(tender.lots.select_related("project__place", "project__item")) if tender is not None else [], **context,
        }  # fmt: skip
        return heading[:160], render_to_string(f"documents/{template or form.kind}.html", values)
