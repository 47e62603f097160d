"""Counting heads in a meeting. Pure: ids of people in, numbers and sentences out.

The quorum is a share of **all** members; whoever stepped aside for an item is not counted as there for it. So stepping aside never
makes a committee smaller, and a project half the committee is concerned with waits for other members or goes to another body.
Where voices were counted, a project passes with more than half of those who could decide on it; abstaining is not agreeing.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from kernel.lifecycle import Refusal


def needed(rule, members):
    """How many of `members` people must be able to decide under a Gate.QUORUMS rule; at least one."""
    counts = {"half": members // 2 + 1, "two_thirds": -(-2 * members // 3)}
    return max(1, counts.get(rule, 1))


@dataclass(frozen=True)
class Heads:
    """Who could decide on one item: ids of the members who were present and did not step aside, out of how many, how many it takes."""

    deciding: frozenset
    members: int
    needed: int

    @property
    def enough(self):
        return len(self.deciding) >= self.needed


def heads(members, present, aside, rule=""):
    """Count one item. Without named members everybody present counts, and no share is asked."""
    members, present, aside = set(members), set(present), set(aside)
    if not members:
        return Heads(frozenset(present - aside), len(present), 1)
    return Heads(frozenset((members & present) - aside), len(members), needed(rule, len(members)))


def voices_refusal(result, voices, deciding):
    """Why the counted voices (for, against, abstained; None: not counted) do not carry a result of `deciding` people, or None."""
    counted = [number for number in voices if number is not None]
    if not counted:
        return None
    if sum(counted) > deciding:
        return Refusal("too_many_voices", _("{count} voices were counted, but only {deciding} could decide.").format(count=sum(counted), deciding=deciding))
    if result in ("passed", "cut") and (voices[0] or 0) * 2 <= deciding:
        return Refusal("not_carried", _("{count} of {deciding} agreed: that is not more than half.").format(count=voices[0] or 0, deciding=deciding))
    return None
