"""What the desk, the search, the reminders and the navigation tell each person about the ordering side."""

import datetime

import pytest
from django.urls import reverse
from django.utils import translation

from communities.lifecycle import staff
from communities.lifecycle.wish import answer, leave_wish
from kernel import clock, registry
from kernel.models import Notice, User
from kernel.notices import remind
from tests.factories.communities import make_need, make_office

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
DAY = datetime.timedelta(days=1)


@pytest.fixture
def office():
    return make_office()


def titles(user, kind):
    return [task.title for task in registry.tasks_for(User.objects.get(pk=user.pk)) if str(task.kind) == kind]


def test_wishes_and_needs_wait_for_their_community_only(office):
    wish = leave_wish(office.communities[0], "想要一个助餐点")
    draft, confirmed = make_need(office, status="draft", title="甲"), make_need(office, status="confirmed", title="乙")
    make_need(office, title="丙")
    assert titles(office.community, "wish") == ["想要一个助餐点"]
    assert set(titles(office.community, "need")) == {draft.title, confirmed.title}
    for role in ("community2", "handler", "finance", "grid_worker", "observer"):
        assert not titles(office.users[role], "wish") and not titles(office.users[role], "need"), role
    answer(wish, actor=office.community, answer="好")
    assert not titles(office.community, "wish")


def test_the_desk_page_shows_a_stand_ins_tasks_too(client, office):
    leave_wish(office.communities[0], "想要一个助餐点")
    staff.stand_in(office.community, office.community2, actor=office.community, starts_on=clock.today(), ends_on=clock.today() + DAY, reason="休假")
    client.force_login(office.community2, backend=BACKEND)
    assert "想要一个助餐点" in client.get(reverse("desk")).content.decode()


def test_an_invitation_that_ran_out_comes_back_to_who_made_it(office):
    row, _token = staff.invite("张新", "handler", actor=office.leader, purchaser=office.purchaser)
    assert "张新" not in [task.title for task in registry.tasks_for(office.leader)]
    with clock.travelled(clock.now() + 8 * DAY):
        assert "张新" in [task.title for task in registry.tasks_for(User.objects.get(pk=office.leader.pk))]
        staff.revoke_invitation(row, actor=office.leader)
        assert "张新" not in [task.title for task in registry.tasks_for(User.objects.get(pk=office.leader.pk))]


@pytest.mark.clock
def test_an_unanswered_wish_is_reminded_of_once(office):
    wish = leave_wish(office.communities[0], "想要一个助餐点")
    with clock.travelled(clock.now() + 4 * DAY):
        remind()
        assert not Notice.objects.filter(user=office.community).exists()
    with clock.travelled(clock.now() + 9 * DAY):
        remind()
        remind()
        assert Notice.objects.filter(user=office.community, subject_id=wish.pk).count() == 1
        assert not Notice.objects.filter(user=office.community2).exists()


def test_reminders_and_desk_cost_the_same_for_one_and_for_many(office):
    def cost(work):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as captured:
            work()
        return len(captured)

    from communities.announce import unanswered_wishes, waiting

    later = clock.now() + 30 * DAY
    leave_wish(office.communities[0], "第一个心愿")
    make_need(office, status="draft")
    first = cost(lambda: list(unanswered_wishes(later))), cost(lambda: list(waiting(User.objects.get(pk=office.community.pk))))
    for number in range(15):
        leave_wish(office.communities[0], f"第{number}个心愿")
        make_need(office, status="draft")
    many = cost(lambda: list(unanswered_wishes(later))), cost(lambda: list(waiting(User.objects.get(pk=office.community.pk))))
    assert first == many


def test_search_finds_by_words_and_by_pinyin_within_ones_area(office):
    need = make_need(office, title="高龄助餐")
    stranger = make_office().handler
    urls = [hit.url for hit in registry.hits_for(office.handler, "助餐")]
    assert need.get_absolute_url() in urls
    assert need.get_absolute_url() not in [hit.url for hit in registry.hits_for(stranger, "助餐")]
    assert office.communities[0].get_absolute_url() in [hit.url for hit in registry.hits_for(office.handler, "liu yin")]
    assert office.communities[0].get_absolute_url() not in [hit.url for hit in registry.hits_for(stranger, "liu yin")]


def test_money_roles_need_a_second_factor(office):
    wanted = {role for role, user in office.users.items() if registry.requires_totp(user)}
    assert {"finance", "accountant", "cashier", "leader"} <= wanted
    assert not {"community", "community2", "grid_worker", "observer"} & wanted


def test_switching_the_language_changes_words_only(client, office):
    need = make_need(office)
    client.force_login(office.community, backend=BACKEND)
    chinese = client.get(reverse("need_list")).content.decode()
    client.post(reverse("switch_language"), {"language": "en", "next": "/"})
    english = client.get(reverse("need_list")).content.decode()
    translation.activate("zh-hans")
    assert need.title in chinese and need.title in english
    assert "需求清单" in chinese and "Needs list" in english and "on the needs list" in english
    need.refresh_from_db()
    assert need.status == "published"
