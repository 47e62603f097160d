"""The ordering side."""

from communities.models.membership import Invitation, Membership
from communities.models.place import Place, PlaceName, PlaceSuccessor, Purchaser
from communities.models.wish import Need, Wish

__all__ = ["Invitation", "Membership", "Need", "Place", "PlaceName", "PlaceSuccessor", "Purchaser", "Wish"]
