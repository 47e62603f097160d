"""`manage.py recompute`: equal for what the panels concluded, an exit code and the place for whatever was touched since; it writes nothing."""

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from evaluation.models import Panel, ResultVersion, Score
from procurement.lifecycle import award
from procurement.models import Bid
from tests.factories.tenders import make_tender

pytestmark = pytest.mark.django_db


@pytest.fixture
def walk(db):
    return make_tender(state="evaluated")


def run(**options):
    out = StringIO()
    call_command("recompute", stdout=out, **options)
    return out.getvalue()


def differs(*words, **options):
    out = StringIO()
    with pytest.raises(CommandError) as error:
        call_command("recompute", stdout=out, **options)
    assert error.value.returncode == 1 and "differ" in str(error.value)
    different = "\n".join(line for line in out.getvalue().splitlines() if not line.startswith("equal "))
    for word in words:
        assert word in different


def test_everything_is_equal_and_nothing_is_written(walk):
    with CaptureQueriesContext(connection) as asked:
        said = run()
    assert "DIFFERENT" not in said and walk.tender.number in said and said.count("equal ") >= 5 and "all equal" in said
    assert all(row["sql"].startswith("SELECT") for row in asked.captured_queries)
    assert run(panel=walk.panel.pk) == run(tender=walk.tender.number) == said


def test_an_unknown_panel_is_no_success(walk):
    for options in ({"panel": walk.panel.pk + 1}, {"tender": "CG-0000-00000"}):
        with pytest.raises(CommandError, match="no concluded panel"):
            run(**options)


@pytest.mark.parametrize(("key", "value", "word"), [("total", "99.00", "totals"), ("price", "0.01", "price scores"), ("rank", 3, "ranks"), ("drawn", True, "ties"), ("review", "1.00", "review prices")])
def test_a_touched_line_is_named(walk, key, value, word):
    version = ResultVersion.objects.get()
    version.result["lots"][0]["lines"][0][key] = value
    version.save()
    differs("DIFFERENT", word, f"bid {version.result['lots'][0]['lines'][0]['bid']}")


def test_a_touched_base_price_ranking_row_or_sheet_is_named(walk):
    version = ResultVersion.objects.get()
    kept = version.result["lots"][0]["base"]
    version.result["lots"][0]["base"] = "1.00"
    version.save()
    differs("low price")
    version.result["lots"][0]["base"] = kept
    version.save()
    run()
    Bid.objects.filter(rank=1).update(score=Decimal("1.00"))
    differs("scores and ranks of the purchase")
    Bid.objects.filter(rank=1).update(score=Decimal(version.result["lots"][0]["lines"][0]["total"]))
    run()
    Score.objects.filter(pk=Score.objects.first().pk).update(points=Decimal("0.01"))
    differs("the members' sheets")


def test_the_result_shown_is_the_last_version(walk):
    Panel.objects.filter(pk=walk.panel.pk).update(result={**walk.panel.result, "lots": []})
    differs("the result shown")


def test_a_low_price_nobody_marked_is_named():
    walk = make_tender(state="evaluated")
    inputs = walk.panel.inputs
    assert not walk.panel.low_prices
    inputs["lots"][0]["bids"][0]["quote"] = "1000.00"
    ResultVersion.objects.update(inputs=inputs)
    differs("bands of low prices")


def test_an_award_that_fell_is_no_difference(walk):
    award.decide_award(walk.lot, actor=walk.office.leader)
    walk.lot.refresh_from_db()
    award.decline(walk.lot, actor=walk.office.leader, reason="放弃签订合同")
    assert "all equal" in run()
