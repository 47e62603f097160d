"""Nonsense into every form of the site: never a server error, never half-saved, an error beside the field, and what was typed is still there."""

import pytest
from django.db import connection, transaction
from django.urls import reverse

from tests.access.answers import address
from tests.access.bad_input import CASES, DATES, NUMBERS, filled
from tests.access.objects import arguments, people_of
from tests.access.pages import Page
from tests.access.tables import expected, rows_of
from tests.access.world import NOW, client_of
from tests.lives.harness import Writes, contents, differing

NOT_OURS = ("account_", "mfa_", "set_language")
UNASKED = {"search", "wish_public_find"}


def pages():
    """(id, url name, object, cell) of every address with a form somebody may send, and of every verb."""
    for row in rows_of("access.csv"):
        if row["method"] == "POST" and not row["url"].startswith(NOT_OURS) and any(code in row["own"] for code in ("422", "302")):
            yield row["url"], row["object"], row["own"], ""
    for row in rows_of("verbs_access.csv"):
        if "=ok" in row["own"]:
            yield row["noun"], row["object"], row["own"], row["verb"]


PAGES = sorted(set(pages()))


def allowed(world, name, cell):
    """Somebody of the objects' own people whom the table lets send the form."""
    for role, side, user in people_of(world, name):
        if side == "own" and expected(cell, role, *world.people.extra.get((user.pk, name), ())) in ("422", "302", "ok"):
            return user
    return next((user for _role, side, user in people_of(world, name) if "leading" in world.people.extra.get((user.pk, name), ())), None)


NOTED = {"django_session", "kernel_accesslog"}  # written by a look, too


def send(user, where, data):
    """(response, what it changed) of one POST, undone afterwards. What sends no writing statement changes nothing; what sends one is sent
    again between two looks at all rows. `data()` is made anew each time: an upload is read once."""
    writes, changed = Writes(), {}
    for look in (False, True):
        with transaction.atomic():
            before = contents() if look else None
            with connection.execute_wrapper(writes):
                response = client_of(user).post(where, data())
            broken, connection.needs_rollback = connection.needs_rollback, False
            if look and not broken:
                changed = {name: count for name, count in differing(before, contents()).items() if name not in NOTED and not name.startswith("axes_") and count[0] != count[1]}
            transaction.set_rollback(True)
        if not {name for name in writes.tables if name not in NOTED and not name.startswith("axes_")}:
            break
    return response, changed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: "-".join(filter(None, (page[0], page[3], page[1]))))
def test_nonsense_is_refused_beside_its_field(world, page):
    url, name, cell, verb = page
    where = reverse("act", args=[url, arguments(world, name)[0], verb]) if verb else address(world, url, name)
    user = allowed(world, name, cell)
    shown = client_of(user).get(where)
    form = Page(shown.content.decode()).asking(where) if shown.status_code == 200 and not shown.streaming else None
    if form is None:  # a bare button, or not possible now: nothing is asked
        return
    wrong = []
    for case in CASES:
        data, bad = filled(form, case, NOW)
        if not bad:
            continue
        response, changed = send(user, where, lambda case=case: filled(form, case, NOW)[0])
        body = response.content.decode(errors="replace") if not response.streaming else ""
        if response.status_code >= 500:
            wrong.append((case, bad, response.status_code))
        elif response.status_code in (200, 422):
            if changed:
                wrong.append((case, "half-saved", changed))
            if response.status_code == 422 and 'aria-invalid="true"' not in body and 'class="errors"' not in body:
                wrong.append((case, "no error beside a field", bad))
            if response.status_code == 422 and CASES[case][0] in (NUMBERS, DATES) and not any(str(data[field]) in body for field in bad):
                wrong.append((case, "input lost", bad))
        elif response.status_code == 302 and case not in MAY_PASS and changed and (kept := [field for field in bad if not harmless(form, field, case)]):
            wrong.append((case, "accepted", kept, changed))
    assert wrong == []


MAY_PASS = {"fraction"}  # 0.001 of a quantity or a share may be meant; of money the forms refuse it (below)


def harmless(form, name, case):
    """A hidden formset counter or a search word is no answer of the form."""
    return name.endswith(("-TOTAL_FORMS", "-INITIAL_FORMS")) or name in UNASKED


def test_an_upload_beyond_the_limit_is_refused_whole(world, settings):
    """413 before anything is read into memory, in Chinese, and nothing kept."""
    user = world.people.own["committee"]
    response = client_of(user).post("/meetings/new/", b"x", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH=str(10**10))
    assert response.status_code == 413 and "文件" in response.content.decode()
