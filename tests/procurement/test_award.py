"""From the opened responses to letters and notices."""

import pytest

from tests.factories.tenders import make_tender

pytestmark = pytest.mark.django_db


def test_the_whole_walk():
    walk = make_tender(state="announced")
    award = walk.lot.award
    assert walk.tender.status == "awarded" and walk.lot.status == "awarded"
    assert award.sign_due_on and award.challenge_until and award.letter_number
