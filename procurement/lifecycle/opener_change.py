"""An opener of a running purchase leaves: two of the others hand that part to somebody else (kernel.seal.rewrap).

What was sealed before stays valid and is opened by the new five as it would have been by the old. The private key of the purchase lives for
the length of the call. Whoever leaves may be one of the two. Copies of the old wraps in backups keep their value for the old openers
(docs/threat-model.md).
"""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kernel import rules, seal, trail
from kernel.lifecycle import Refusal
from procurement import sealing
from procurement.models import Tender, TenderOpener
from procurement.permissions_tender import may_attend


def objection(tender):
    """Why no opener can be replaced now, or None."""
    if tender.seal != "openers" or tender.venue != "internal":
        return Refusal("no_openers", _("This purchase has no openers."))
    if tender.status == "draft":
        return Refusal("draft", _("In a draft the handler simply names other openers."))
    if tender.status != "published":
        return Refusal("opened", _("The responses are opened already."))
    return None


@rules.carries("B27")
@transaction.atomic
def replace_opener(tender, *, actor, passphrase, second, second_passphrase, leaving, replacement):
    """Wrap the purchase's key anew without `leaving` and for `replacement` (Users), by the passphrases of `actor` and `second`, both openers.

    Halves left by an opener who was present already are forgotten: that one comes again. Raises Refusal, PermissionDenied.
    """
    tender = Tender.objects.select_for_update().get(pk=tender.pk)
    rows = {row.user_id: row for row in tender.openers.select_related("user")}
    if actor.pk not in rows:
        raise PermissionDenied(str(_("You are not an opener of this purchase.")))
    if refusal := objection(tender):
        raise refusal
    if second.pk not in rows or second.pk == actor.pk:
        raise Refusal("same", _("The two openers must be two people."), field="second")
    if leaving.pk not in rows:
        raise Refusal("no_opener", _("{name} is no opener of this purchase.").format(name=leaving), field="leaving")
    if replacement.pk in rows or not may_attend(replacement, tender):
        raise Refusal("unfit", _("{name} can't take over: already an opener, or not of the purchaser.").format(name=replacement), field="replacement")
    if sealing.enrolled(replacement) is None:
        raise Refusal("no_key", _("These people have no opener's key yet: {names}.").format(names=replacement), todo=_("Each makes one under “Opener's key”."), field="replacement")
    privates = {}
    for person, words, field in ((actor, passphrase, "passphrase"), (second, second_passphrase, "second_passphrase")):
        try:
            privates[str(person.pk)] = sealing.private_of(person, words)
        except seal.WrongPassphrase as error:
            raise Refusal("passphrase", _("This passphrase does not open the key of {name}.").format(name=person), field=field) from error
    staying = [pk for pk in rows if pk != leaving.pk]
    try:
        sealing.rewrap(tender, privates, [*staying, replacement.pk])
    except seal.SealBroken as error:
        raise Refusal("broken_key", _("The stored key of this purchase does not open."), todo=_("Call the administrator; the responses stay sealed.")) from error
    tender.save(update_fields=["key_wraps"])
    alternate = rows[leaving.pk].alternate
    rows[leaving.pk].delete()
    TenderOpener.objects.filter(tender=tender).update(partial={}, present_at=None)
    TenderOpener.objects.create(tender=tender, user=replacement, alternate=alternate)
    trail.record(tender, "replace_opener", actor=actor, params={"with": second.pk, "leaving": leaving.pk, "replacement": replacement.pk})
    return tender
