"""Staff: invited once, leaving nothing behind, standing in for one another."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from communities import handover
from communities.lifecycle import staff
from communities.lifecycle.wish import ANSWER, answer, leave_wish
from communities.models import Invitation, Membership, Wish
from communities.permissions import has_role, memberships_of
from kernel import clock, trail
from kernel.lifecycle import Refusal
from kernel.models import StandIn, User
from tests.factories.communities import PASSWORD, join, make_office, make_user

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
DAY = datetime.timedelta(days=1)


@pytest.fixture
def office():
    return make_office()


def invited(office, **fields):
    return staff.invite("张新", "handler", actor=office.leader, purchaser=office.purchaser, **fields)


def test_the_link_makes_a_login_with_its_role_once(office):
    row, token = invited(office, email="zhang@example.org")
    assert token not in row.token_hash and len(row.token_hash) == 64
    user = staff.accept_invitation(token, username="zhangxin", password=PASSWORD)
    assert user.check_password(PASSWORD) and user.name == "张新"
    assert has_role(user, "handler", purchaser=office.purchaser)
    with pytest.raises(Refusal) as refused:
        staff.accept_invitation(token, username="second", password=PASSWORD)
    assert refused.value.code == "used" and not User.objects.filter(username="second").exists()
    assert [row.verb for row in trail.rows_of(row)] == ["invite", "accept_invitation"]


@pytest.mark.clock
def test_the_link_ends_after_seven_days(office):
    _row, token = invited(office)
    with clock.travelled(clock.now() + 7 * DAY), pytest.raises(Refusal) as refused:
        staff.find_invitation(token)
    assert refused.value.code == "expired"
    with clock.travelled(clock.now() + 7 * DAY - datetime.timedelta(minutes=1)):
        assert staff.find_invitation(token).name == "张新"


def test_a_revoked_link_is_void(office):
    row, token = invited(office)
    staff.revoke_invitation(row, actor=office.leader)
    with pytest.raises(Refusal) as refused:
        staff.accept_invitation(token, username="late", password=PASSWORD)
    assert refused.value.code == "revoked"
    with pytest.raises(Refusal):
        staff.revoke_invitation(row, actor=office.leader)


def test_an_existing_login_takes_a_second_role(office):
    _row, token = staff.invite("周敏", "community", actor=office.leader, place=office.communities[1])
    assert staff.accept_invitation(token, user=office.community) == office.community
    assert {row.place_id for row in memberships_of(office.community)} == {place.pk for place in office.communities}


@pytest.mark.parametrize(("role", "unit"), [("community", "purchaser"), ("handler", "street"), ("finance", "street"), ("grid_worker", "street")])
def test_roles_belong_to_their_kind_of_unit(office, role, unit):
    target = {"purchaser": office.purchaser} if unit == "purchaser" else {"place": office.street}
    with pytest.raises(Refusal) as refused:
        staff.invite("某人", role, actor=office.admin, **target)
    assert refused.value.code == "role" and not Invitation.objects.exists()


def test_who_may_invite_for_whom(client, office):
    other = make_office()
    client.force_login(office.leader, backend=BACKEND)
    options = dict(client.get(reverse("staff_invite")).context["form"].fields["unit"].choices)
    assert f"purchaser-{office.purchaser.pk}" in options and f"place-{office.communities[0].pk}" in options
    assert f"purchaser-{other.purchaser.pk}" not in options and f"purchaser-{office.bureau.pk}" not in options and f"place-{office.district.pk}" not in options
    page = client.post(reverse("staff_invite"), {"name": "新人", "unit": f"purchaser-{other.purchaser.pk}", "role": "handler"})
    assert page.status_code == 422 and not Invitation.objects.exists()
    page = client.post(reverse("staff_invite"), {"name": "新人", "unit": f"purchaser-{office.purchaser.pk}", "role": "handler"})
    assert page.status_code == 200 and page.context["link"].endswith("/") and Invitation.objects.count() == 1


def test_invitation_page_signs_in_and_refuses_weak_passwords(client, office):
    _row, token = invited(office)
    url = reverse("invitation_accept", args=[token])
    assert client.get(url).status_code == 200
    weak = client.post(url, {"username": "zhangxin", "password1": "1234567890", "password2": "1234567890"})
    assert weak.status_code == 422 and weak.context["form"].errors["password1"]
    taken = client.post(url, {"username": office.leader.username, "password1": PASSWORD, "password2": PASSWORD})
    assert taken.status_code == 422 and taken.context["form"].errors["username"]
    done = client.post(url, {"username": "zhangxin", "password1": PASSWORD, "password2": PASSWORD})
    assert done.status_code == 302 and done.url == reverse("desk")
    assert client.get(reverse("desk")).status_code == 200
    assert client.get(url).status_code == 410


def membership(user):
    return Membership.objects.get(user=user)


def test_nobody_leaves_while_a_task_would_be_nobodys(office):
    leave_wish(office.communities[0], "楼下的灯坏了很久")
    with pytest.raises(Refusal) as refused:
        staff.end_membership(membership(office.community), actor=office.leader)
    assert refused.value.code == "tasks" and "楼下的灯坏了很久" in str(refused.value)
    assert membership(office.community).ends_on is None
    assert not trail.rows_of(membership(office.community)).exists()
    colleague = join("community", place=office.communities[0])
    ended = staff.end_membership(membership(office.community), actor=office.leader, reason="调离")
    assert ended.ends_on == clock.today()
    with clock.travelled(clock.now() + DAY):
        assert not has_role(User.objects.get(pk=office.community.pk), "community")
        assert has_role(colleague, "community")


def test_what_is_held_by_name_passes_to_the_successor(office, monkeypatch):
    monkeypatch.setattr(handover, "_holders", [])
    holders = {"助餐项目": office.handler.pk}

    def pass_on(user, successor, actor):
        mine = [title for title, pk in holders.items() if pk == user.pk]
        holders.update(dict.fromkeys(mine, successor.pk))
        return len(mine)

    handover.register(lambda user: [handover.Held(title) for title, pk in holders.items() if pk == user.pk], pass_on)
    row = membership(office.handler)
    with pytest.raises(Refusal) as refused:
        staff.end_membership(row, actor=office.leader)
    assert refused.value.code == "held" and "助餐项目" in str(refused.value)
    with pytest.raises(Refusal) as refused:
        staff.end_membership(row, actor=office.leader, successor=office.cashier)
    assert refused.value.code == "successor"
    heir = join("handler", purchaser=office.purchaser)
    staff.end_membership(row, actor=office.leader, successor=heir)
    assert holders == {"助餐项目": heir.pk}
    assert trail.rows_of(row).last().params["moved"] == 1


def test_a_login_is_closed_only_without_roles(office):
    with pytest.raises(Refusal) as refused:
        staff.deactivate(office.cashier, actor=office.admin)
    assert refused.value.code == "roles"
    staff.end_membership(membership(office.cashier), actor=office.leader)
    closed = staff.deactivate(office.cashier, actor=office.admin, reason="离职")
    assert not closed.is_active and trail.rows_of(closed).last().verb == "deactivate"
    with pytest.raises(Refusal):
        staff.deactivate(office.admin, actor=office.admin)


def arrange(office, principal, deputy, **fields):
    facts = {"actor": principal, "starts_on": clock.today(), "ends_on": clock.today() + 3 * DAY, "reason": "年休假"}
    return staff.stand_in(principal, deputy, **{**facts, **fields})


def test_a_stand_in_sees_and_acts_and_the_trail_says_for_whom(office):
    wish = leave_wish(office.communities[0], "想要健身器材")
    deputy = office.community2
    assert not Wish.objects.visible_to(deputy).filter(pk=wish.pk).exists()
    with pytest.raises(PermissionDenied):
        answer(wish, actor=deputy, answer="好的")
    arrange(office, office.community, deputy)
    deputy = User.objects.get(pk=deputy.pk)
    assert Wish.objects.visible_to(deputy).filter(pk=wish.pk).exists()
    wish = answer(wish, actor=deputy, answer="已列入计划")
    row = trail.rows_of(wish).last()
    assert (row.verb, row.actor, row.on_behalf_of) == (ANSWER.verb, deputy, office.community)


def test_a_stand_in_for_one_role_has_no_other(office):
    staff.add_membership(office.handler, "legal", actor=office.leader, purchaser=office.purchaser)
    arrange(office, office.handler, office.community2, scope="legal")
    deputy = User.objects.get(pk=office.community2.pk)
    wish = leave_wish(office.communities[0], "想要健身器材")
    with pytest.raises(PermissionDenied):
        answer(wish, actor=deputy, answer="好的")
    with pytest.raises(Refusal) as refused:
        arrange(office, office.handler, office.cashier, scope="leader")
    assert refused.value.code == "scope"


def test_a_stand_in_ends_with_its_days_and_when_revoked(office):
    row = arrange(office, office.community, office.community2)
    wish = leave_wish(office.communities[0], "想要健身器材")
    with clock.travelled(clock.now() + 4 * DAY), pytest.raises(PermissionDenied):
        answer(wish, actor=User.objects.get(pk=office.community2.pk), answer="好的")
    staff.revoke_stand_in(row, actor=office.community)
    with pytest.raises(PermissionDenied):
        answer(wish, actor=User.objects.get(pk=office.community2.pk), answer="好的")
    with pytest.raises(Refusal):
        staff.revoke_stand_in(row, actor=office.community)
    assert [entry.verb for entry in trail.rows_of(row)] == ["appoint", "revoke"]


@pytest.mark.parametrize(
    ("change", "code"),
    [({"ends_on": -1}, "dates"), ({"starts_on": 5}, "dates"), ({"deputy": "principal"}, "self")],
)
def test_stand_ins_that_make_no_sense(office, change, code):
    fields = {name: clock.today() + value * DAY for name, value in change.items() if name != "deputy"}
    with pytest.raises(Refusal) as refused:
        arrange(office, office.handler, office.handler if "deputy" in change else office.section, **fields)
    assert refused.value.code == code and not StandIn.objects.exists()


def test_two_stand_ins_of_the_same_pair_do_not_overlap(office):
    arrange(office, office.handler, office.section)
    with pytest.raises(Refusal) as refused:
        arrange(office, office.handler, office.section, starts_on=clock.today() + DAY)
    assert refused.value.code == "overlap"


def test_stand_in_screens(client, office):
    client.force_login(office.handler, backend=BACKEND)
    data = {"principal": office.handler.pk, "deputy": office.section.pk, "starts_on": clock.today(), "ends_on": clock.today() + DAY, "reason": "出差"}
    assert client.post(reverse("standin_create"), {**data, "principal": office.leader.pk}).status_code == 422, "a handler arranges only their own"
    assert client.post(reverse("standin_create"), data).status_code == 302
    row = StandIn.objects.get()
    client.force_login(office.cashier, backend=BACKEND)
    assert client.post(reverse("standin_revoke", args=[row.pk])).status_code == 404
    client.force_login(office.section, backend=BACKEND)
    assert client.post(reverse("standin_revoke", args=[row.pk])).status_code == 403
    client.force_login(office.leader, backend=BACKEND)
    assert client.get(reverse("standin_revoke", args=[row.pk])).status_code == 405
    assert client.post(reverse("standin_revoke", args=[row.pk])).status_code == 302
    assert StandIn.objects.get().revoked_at


def test_staff_screens_keep_out_strangers(client, office):
    row = membership(office.handler)
    for user, status in ((office.leader, 200), (office.cashier, 200), (make_office().leader, 404), (make_user(), 404)):
        client.force_login(user, backend=BACKEND)
        assert client.get(reverse("staff_detail", args=[row.pk])).status_code == status
    client.force_login(office.cashier, backend=BACKEND)
    assert client.get(reverse("membership_end", args=[row.pk])).status_code == 403
    client.force_login(office.leader, backend=BACKEND)
    assert client.get(reverse("staff_deactivate", args=[office.handler.pk])).status_code == 403
    past = client.post(reverse("membership_end", args=[row.pk]), {"ends_on": clock.today() - DAY, "reason": "x"})
    assert past.status_code == 422 and "ends_on" in past.context["form"].errors
    assert client.post(reverse("membership_end", args=[row.pk]), {"ends_on": clock.today(), "reason": "调离"}).status_code == 302
