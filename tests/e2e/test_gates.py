"""Three gates through the screens: sent back with remarks on two lines, fixed, passed by two leaders side by side in voice, decided by a
committee of five of whom one steps aside; the minutes are printed, signed, uploaded and confirmed."""

import io

import pytest
from pypdf import PdfReader

from communities.lifecycle import need as needs
from config.demo.papers import scan
from kernel import clock
from procurement.lifecycle import configuration
from procurement.models import Gate, GateVote, Meeting, Project
from tests.e2e.people import goes_on

pytestmark = [pytest.mark.browser]
TITLE = "柳荫社区青少年周末营"
FIVE = ["刘建国", "黄蓉", "周强", "马骏", "陈敏"]
PLAN = [{"order": 1, "title": "周末营", "planned_on": "2026-05-20", "location": "社区活动室", "headcount": 40, "times": 6}]
INDICATORS = [
    {"kind": "产出—数量", "name": "周末营场次", "target": 6, "unit": "场", "how": "签到记录"},
    {"kind": "满意度", "name": "家长满意度", "target": 90, "unit": "%", "how": "问卷"},
]
LINES = [
    {"group": 1, "name": "大巴租用", "unit": "车次", "quantity": 12, "price": 2400},
    {"group": 1, "name": "展板制作", "unit": "块", "quantity": 10, "price": 600},
    {"group": "people", "name": "社工人工", "unit": "月", "quantity": 6, "price": 5000},
    {"group": "running", "name": "管理费", "unit": "项", "quantity": 1, "price": 5000},
]


def the_street_names_its_committee(people):
    """Five members, more than half of them; of the two leaders both have to agree. Proposed by one, confirmed by another."""
    section, leader = people("section"), people("leader")
    for key, fields in (("joint_review", {"votes": 2}), ("work_committee", {"members": FIVE, "quorum": "过半数"})):
        old = Gate.in_force().get(purchaser__place__name="玉河街道", key=key)
        section.opens(f"/configuration/gate/propose/?purchaser={old.purchaser_id}&replaces={old.pk}")
        named = section.tab.locator("[name=members]:checked")
        while "members" in fields and named.count():
            named.first.uncheck()
        section.fills(**fields).presses("提出")
        leader.opens(f"/configuration/?purchaser={old.purchaser_id}").presses("确认生效")
    leader.sees("须2人同意", "成员5人", "全体成员过半数", "各关口用时")


def the_community_applies(people, cast):
    day, place, author = clock.today(), cast.places["柳荫社区"], cast.people["community", "柳荫社区"]
    need = needs.raise_need(
        place, author, title="青少年周末没有去处", description="双休日孩子无人照看。", target_group="青少年", headcount=120, method="meeting", asked_on=day, asked_count=46, opinion="参会居民代表一致赞成。"
    )
    needs.publish(needs.confirm(need, actor=author), actor=author)
    community = people("community")
    community.opens("/projects/new/").fills(
        title=TITLE, item="读书", needs=["青少年周末没有去处"], goal="让孩子周末有去处。", target_group="青少年", headcount=120, results="举办6场，满意度不低于90%。",
        starts_on="2026-05-06", ends_on="2026-08-14", way="公开", declared=True,
    ).rows("indicators", INDICATORS).presses("保存并填写预算")  # fmt: skip
    community.rows("plan", PLAN).budget(LINES).sees("69,800.00").presses("保存计划与预算")
    community.rows("funding", [{"fund": "玉河街道社区服务专项"}]).presses("保存").presses("提交").sees("预审", "周强")


def it_is_sent_back_with_remarks_on_two_lines(people):
    project = Project.objects.get(title=TITLE)
    bus, boards, *_rest = project.lines.all()
    section = people("section")
    section.opens("/desk/").follows(TITLE).presses("退回")
    section.fills(**{"reason": "两项单价偏高，请核价。", f"line_{bus.pk}": "市场价约1200元", f"line_{boards.pk}": "展板可重复使用，减半"}).presses("退回").sees("已退回")


def two_lines_are_fixed_and_it_comes_again(people):
    """The handler helps with the second line, and so may not decide on it later."""
    goes_on(days=1)
    community, handler = people("community"), people("handler")
    community.opens("/desk/").follows(TITLE).sees("市场价约1200元", "展板可重复使用，减半").presses("计划与预算").changes_line("大巴租用", price=1200).presses("保存计划与预算")
    handler.opens("/projects/").follows(TITLE).presses("计划与预算").changes_line("展板制作", quantity=5).presses("保存计划与预算")
    community.opens("/desk/").follows(TITLE).presses("再次提交")
    section = people("section")
    section.opens("/desk/").follows(TITLE)
    row = section.tab.locator("tr", has_text="市场价约1200元").inner_text()
    assert "28,800.00" in row
    assert "14,400.00" in row
    assert "-14,400.00" in row
    assert section.tab.locator("del", has_text="28,800.00").count() >= 1
    section.sees("69,800.00", "52,400.00", "-17,400.00").presses("通过").sees("展板可重复使用，减半").presses("通过")


def both_leaders_agree(people):
    goes_on(days=1)
    first, second = people("leader"), people("leader1b")
    first.opens("/desk/").follows(TITLE).sees("刘建国、黄蓉").presses("通过").fills(reason="同意。").presses("通过").sees("须2人同意，已有1人作出审核")
    first.opens("/desk/").misses(TITLE)
    second.opens("/desk/").follows(TITLE).presses("通过").presses("通过")
    assert GateVote.objects.filter(run__key="joint_review", result="passed").count() == 2


def the_committee_meets(people):
    goes_on(days=1)
    committee = people("committee")
    committee.opens("/meetings/").presses("召集会议").fills(number="工委会〔2026〕8号", title="玉河街道党工委会议", held_on=str(clock.today()), begins_at="14:30", location="三楼会议室", chair="刘建国").presses("召集")
    committee.sees("已召集", "应回避", "陈敏")
    sitting = Meeting.objects.get()
    pack = paper(committee, f"/meetings/{sitting.pk}/pack.pdf")
    for wanted in (TITLE, "52,400.00", "较上一稿的变化", "市场价约1200元", "应回避", "陈敏"):
        assert wanted in pack, pack
    goes_on(hours=3)
    committee.opens("/desk/").follows("工委会〔2026〕8号").presses("登记会议")
    run = sitting.items.get().run_id
    here = ["刘建国", "周强", "马骏", "陈敏"]
    committee.fills(**{"attendees": here, f"run{run}-result": "核减", f"run{run}-cut_to": 50000, f"run{run}-remark": "展板费用再压缩"})
    committee.presses("保存", allows=(422,)).sees("请登记其回避")
    people.complaints[:] = [line for line in people.complaints if "422" not in line]  # the refusal just seen
    committee.fills(**{f"run{run}-recused": ["陈敏"], f"run{run}-votes_for": 3, f"run{run}-votes_against": 0, f"run{run}-abstained": 0}).presses("保存").sees("3 / 5")
    return sitting


def the_minutes_are_printed_signed_and_confirmed(people, sitting):
    committee, leader = people("committee"), people("leader")
    text = paper(committee, f"/meetings/{sitting.pk}/minutes.pdf")
    for wanted in ("工委会〔2026〕8号", "三楼会议室", "主持人刘建国", "缺席黄蓉", "回避陈敏", "同意3票", "应到5人，须3人", "原则通过，核减金额", "50,000.00", "伍万元整", "签字"):
        assert wanted in text, text
    for name in ("刘建国", "周强", "马骏"):
        assert name in text
    committee.presses("上传签字纪要").fills(file=scan("会议纪要")).presses("上传签字纪要")
    people("handler").opens(f"/meetings/{sitting.pk}/").misses("签字后")
    leader.opens("/desk/").follows("工委会〔2026〕8号").presses("确认会议纪要")


def the_cut_is_worked_in(people):
    community = people("community")
    community.opens("/desk/").follows(TITLE).sees("50,000.00").presses("计划与预算").changes_line("展板制作", price=120).presses("保存计划与预算").presses("再次提交")
    community.opens("/projects/").follows(TITLE).sees("已批准", "50,000.00")
    project = Project.objects.get(title=TITLE)
    assert (project.status, [run.result for run in project.gate_runs.filter(revision=2).order_by("order")]) == ("approved", ["passed", "passed", "cut"])


def paper(person, path):
    """The text of a PDF this person may open, without white space."""
    answer = person.tab.context.request.get(person.tab.url.split("/", 3)[0] + "//" + person.tab.url.split("/", 3)[2] + path)
    assert answer.status == 200
    return "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.body())).pages).split())


def test_a_project_passes_three_gates(people, cast):
    assert configuration.KINDS["gate"] is Gate
    the_street_names_its_committee(people)
    the_community_applies(people, cast)
    it_is_sent_back_with_remarks_on_two_lines(people)
    two_lines_are_fixed_and_it_comes_again(people)
    both_leaders_agree(people)
    sitting = the_committee_meets(people)
    the_minutes_are_printed_signed_and_confirmed(people, sitting)
    the_cut_is_worked_in(people)
