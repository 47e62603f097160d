"""The work committee of each street: its members and quorum, proposed by one person and confirmed by another."""

from procurement.lifecycle import configuration
from procurement.models import Gate

KEPT = ("key", "name", "order", "role", "by_meeting", "amount_from", "amount_to", "expected_days", "valid_from")
MEMBERS = ("leader", "section", "committee", "supervisor")


def name_members(purchaser, people, key):
    """The street's leader, section, secretary and supervising section sit in the committee; more than half have to be there."""
    gate = Gate.in_force().filter(purchaser=purchaser, by_meeting=True).first()
    if gate is None or gate.members:
        return
    members = [people[role, key].pk for role in MEMBERS if (role, key) in people]
    proposal = configuration.propose(
        Gate, people["section", key], purchaser=purchaser, replaces=gate, members=members, quorum="half", **{name: getattr(gate, name) for name in KEPT}
    )
    configuration.confirm(proposal, people["leader", key])
