"""The holiday calendar."""

from types import SimpleNamespace

from kernel import holidays
from tests.factories.projects import make_user
from tests.lives.harness import Case, noun

LINES = "2027-01-01 至 2027-01-03 休 元旦\n2027-02-06 至 2027-02-12 休 春节\n2027-02-20 班 春节\n"


def draft():
    keeper, second = make_user("管理员甲", is_platform_admin=True), make_user("管理员乙", is_platform_admin=True)
    made = holidays.begin(actor=keeper, document_number="国办发明电〔2026〕1号")
    holidays.set_year(made, 2027, holidays.parse(LINES, 2027)[0], actor=keeper, document_number="国办发明电〔2026〕1号")
    return SimpleNamespace(subject=made, keeper=keeper, second=second)


noun(
    "holidaycalendar",
    {"draft": draft},
    {
        "publish": Case(lambda scene: scene.second, weak=lambda scene: [], race=True),
        "discard": Case(lambda scene: scene.keeper, weak=lambda scene: [], race=True),
    },
)
