import pytest
from tests.factories.providers import make_provider
from providers.lifecycle.organization import account_of, objection_to_provider
pytestmark = pytest.mark.django_db
def test_x():
    made = make_provider()
    assert made.organization.status == "verified"
    assert account_of(made.organization) == made.account
    assert objection_to_provider(made.organization, "bid") is None
