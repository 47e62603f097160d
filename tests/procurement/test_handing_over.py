"""A handler who leaves passes projects and tenders on; nothing is left without a handler."""

import pytest

from communities.lifecycle.staff import end_membership
from communities.models import Membership
from kernel import trail
from kernel.lifecycle import Refusal
from tests.factories.projects import join, make_office, make_project, make_user

pytestmark = pytest.mark.django_db


def test_projects_pass_to_the_successor_with_a_trail_row():
    office = make_office()
    project = make_project(office, "approved", handler=office.handler)
    assert project.handler == office.handler
    row = Membership.objects.get(user=project.handler)
    with pytest.raises(Refusal) as refused:
        end_membership(row, actor=office.leader)
    assert refused.value.code == "held" and str(project) in str(refused.value)
    heir = join(make_user("接任经办人"), "handler", purchaser=office.purchaser)
    end_membership(row, actor=office.leader, successor=heir, reason="调离")
    project.refresh_from_db()
    assert project.handler == heir
    assert trail.rows_of(project).last().verb == "hand_over"
