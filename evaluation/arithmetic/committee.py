"""Who must sit on a panel: number, odd, share of experts, leader, legal expert (B11, B17, C13). Pure; the figures are the rule's.

B11 财库〔2014〕214号 第14条 (consultation), B17 财政部令第74号 第7条 (negotiation), C13 财政部令第87号 第47条 (tenders).
"""

from dataclasses import dataclass
from fractions import Fraction

ADVISED = {"B11"}  # the larger group at the open-tender threshold is local practice there (K): it is shown, it does not block


@dataclass(frozen=True)
class Seat:
    """One member: drawn or chosen expert, staff of the purchaser, leader, expert in law."""

    expert: bool = True
    own_staff: bool = False
    leader: bool = False
    legal: bool = False


@dataclass(frozen=True)
class Lack:
    """What is wrong: code size | even | experts | leader | own_staff | legal, what is needed and what is there (people)."""

    code: str
    need: int = 0
    has: int = 0


def _figure(rule, name):
    return rule.value(name) if name in rule.params else None


def least_members(rule, *, amount=0, open_tender_from=None, complex=False, influential=False, binding=True):
    """How many members the rule wants at least (people).

    `amount` and `open_tender_from` are yuan; C13 asks the larger panel from its own amount on, or for a technically complex or socially
    influential purchase; B17 from the open-tender threshold on. `binding=False` also counts what is only advised (B11).
    """
    need = rule.value("members")
    large, from_amount = _figure(rule, "large_members"), _figure(rule, "large_amount")
    if large is not None and (complex or influential or (from_amount is not None and amount >= from_amount)):
        need = max(need, large)
    at_threshold = _figure(rule, "members_at_threshold")
    reached = open_tender_from is not None and amount >= open_tender_from
    if at_threshold is not None and reached and not (binding and rule.id in ADVISED):
        need = max(need, at_threshold)
    return need


def least_experts(rule, size):
    """How many of `size` members must be experts: the smallest whole number not under the rule's share."""
    share = Fraction(rule.value("expert_numerator"), rule.value("expert_denominator"))
    return -(-share.numerator * size // share.denominator)


def lacks(seats, rule, *, with_leader=False, complex=False, **facts):
    """Everything that keeps these seats from judging, in the order to mend it; empty when the panel is lawful. `facts` as for least_members.

    `with_leader`: the leader is chosen already; until then only the composition is looked at. A complex negotiation wants an expert in law (B17).
    """
    seats, found = list(seats), []
    need = least_members(rule, complex=complex, **facts)
    if len(seats) < need:
        found.append(Lack("size", need, len(seats)))
    elif len(seats) % 2 == 0:
        found.append(Lack("even", len(seats) + 1, len(seats)))
    experts = [seat for seat in seats if seat.expert]
    if len(experts) < least_experts(rule, len(seats)):
        found.append(Lack("experts", least_experts(rule, len(seats)), len(experts)))
    if any(seat.expert and seat.own_staff for seat in seats):
        found.append(Lack("own_staff", 0, sum(seat.expert and seat.own_staff for seat in seats)))
    legal = _figure(rule, "legal_experts")
    if complex and legal is not None and sum(seat.legal and seat.expert for seat in seats) < legal:
        found.append(Lack("legal", legal, sum(seat.legal and seat.expert for seat in seats)))
    if with_leader and (sum(seat.leader for seat in seats) != 1 or any(seat.leader and not seat.expert for seat in seats)):
        found.append(Lack("leader", 1, sum(seat.leader and seat.expert for seat in seats)))
    return found
