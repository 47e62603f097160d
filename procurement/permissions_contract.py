"""Who may see and do what with contracts, deliveries and payments, said once. Row scopes count the people a person stands in for."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from communities.permissions import at_purchaser, either, has_role, memberships_of, purchase_scope, reach
from kernel.lifecycle import principals_of
from procurement.permissions import organization_ids
from providers.models import Organization

PAYERS = ("section", "accountant", "leader", "fund_owner", "cashier")
SUPERVISING = ("supervisor", "handler", "section")
_granted: list = []


def grants_contracts(provider):
    """A later stage lets people see contracts: `provider(person) -> ids of contracts` (the auditor of an assignment, for example)."""
    if provider not in _granted:
        _granted.append(provider)
    return provider


def granted_contracts(person):
    """Ids of contracts that later stages let this person see."""
    return {pk for provider in _granted for pk in provider(person)}


def contract_scope(user, path=""):
    """A Q of what hangs on contracts (`path` leads there: "" or "contract__"): the purchase's staff, the provider's people, those granted."""
    found = Q(pk__in=[])
    for person in principals_of(user) if user.is_authenticated else ():
        found |= purchase_scope(person, place=f"{path}project__place__path", purchaser=f"{path}purchaser")
        if mine := organization_ids(person):
            delivering = Organization.objects.filter(Q(pk__in=mine) | Q(supporter__in=mine)).order_by()
            found |= Q(**{f"{path}organization__in": delivering.values("pk")})
        for provider in _granted:
            granted = provider(person)
            if isinstance(granted, QuerySet) or granted:  # a queryset stays a subquery
                found |= Q(**{f"{path}pk__in": granted})
    return found


class ContractQuerySet(QuerySet):
    def visible_to(self, user):
        """The purchase's staff, the provider's people, granted auditors."""
        return self.filter(contract_scope(user))


def on_visible_contract(rows, user, path):
    """Rows whose contract (`path` leads there) the user may see. For staff, who see many, each row asks for its contract, so that a list is read
    in its own order and stops after a page; for others the few contracts lead to the rows."""
    if not reach(user):
        return rows.filter(contract_scope(user, f"{path}__"))
    from procurement.models import Contract

    return rows.filter(Exists(Contract.objects.filter(contract_scope(user), pk=OuterRef(path))))


class OfContractQuerySet(QuerySet):
    """Rows that hang on a contract directly."""

    def visible_to(self, user):
        """Whoever may see the contract."""
        return on_visible_contract(self, user, "contract")

    def joined_to(self, user):
        """The same rows, led to by the contracts: to be counted."""
        return self.filter(contract_scope(user, "contract__"))


class OfStageQuerySet(QuerySet):
    """Rows that hang on a payment stage."""

    def visible_to(self, user):
        """Whoever may see the contract."""
        return on_visible_contract(self, user, "stage__contract")

    def joined_to(self, user):
        """The same rows, led to by the contracts: to be counted."""
        return self.filter(contract_scope(user, "stage__contract__"))


def contract_of(subject):
    """The contract behind a contract, stage, activity, closing, amendment or payment request."""
    if hasattr(subject, "purchaser_id"):
        return subject
    return subject.contract if hasattr(subject, "contract_id") else subject.stage.contract


def on_contract(predicate):
    """The same predicate asked of the subject's contract."""
    return lambda user, subject: predicate(user, contract_of(subject))


def delivers(user, subject):
    """People of the contract's provider; for a community group also those of its supporting organization."""
    organization = contract_of(subject).organization
    return bool({organization.pk, organization.supporter_id} & organization_ids(user))


def in_community(user, subject):
    """Staff of the community where the service happens."""
    place = contract_of(subject).project.place
    return has_role(user, "community", place=place)


def audits(user, subject):
    """Whoever a later stage has let check this contract."""
    return contract_of(subject).pk in granted_contracts(user)


handles = on_contract(at_purchaser("handler"))
leads = on_contract(at_purchaser("leader"))
supervises = on_contract(at_purchaser(*SUPERVISING))
accepts = on_contract(at_purchaser("handler", "section", "supervisor", "leader", "department"))
keeps_accounts = on_contract(at_purchaser("accountant"))
pays = on_contract(at_purchaser("cashier"))
provider_or_handler = either(delivers, handles)


def holds_role(user, role, contract):
    """Whether the person holds a role for this contract: at its purchaser, or for finance at its place or above."""
    for row in memberships_of(user):
        if row.role == role and (row.purchaser_id == contract.purchaser_id or (row.place_id and contract.project.place.path.startswith(row.place.path))):
            return True
    return False


def at_current_step(user, request):
    """Whoever holds the role the payment's frozen route asks for next."""
    if request.step >= len(request.route):
        return False
    return holds_role(user, request.route[request.step]["role"], contract_of(request))


