"""Papers of a meeting as PDF: the agenda pack 议题材料 and the minutes to be signed 会议纪要."""

from django.core.files.base import ContentFile
from django.db.models import Prefetch, prefetch_related_objects
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock, files, jobs
from kernel.pdf import render_pdf
from procurement.documents import KINDS
from procurement.lifecycle.budget import shares
from procurement.lifecycle.gates import conflict, said
from procurement.models import GateVote, Meeting
from procurement.revisions import line_remarks, revised
from procurement.sittings import heads_of, items_of, members_of
from providers.permissions import remember_member_rows

INLINE_ROWS = 100
RESULTS = {"passed": "审议通过", "cut": "原则通过，核减金额", "returned": "退回修改后再报", "rejected": "不予通过", "": "本次未议"}
GATE_RESULTS = {"passed": "通过", "cut": "核减后通过", "returned": "退回", "rejected": "否决", "void": "已失效", "waiting": "待审"}
QUORUMS = {"half": "全体成员过半数", "two_thirds": "全体成员三分之二以上", "": "未设定"}
files.register_roles({"agenda_pack": pgettext_lazy("file role", "agenda pack")})


def pack_of(meeting):
    """What the pack says about each project of the agenda; read in a constant number of queries per kind of row."""
    items = items_of(meeting)
    projects = {item.run.project_id: item.run.project for item in items}
    votes = Prefetch("gate_runs__votes", GateVote.objects.select_related("user"))
    rows = list(projects.values())
    for project in rows:
        project.__dict__.pop("_prefetched_objects_cache", None)
    prefetch_related_objects(rows, "lines", "needs", "fundings__fund", "revisions", "drafting_help", "gate_runs__decided_by", votes)
    members, entries = remember_member_rows(members_of(meeting)), []
    for item in items:
        project = item.run.project
        runs = sorted(project.gate_runs.all(), key=lambda run: run.pk)
        changes = revised(project, runs, {row.number: row.snapshot for row in project.revisions.all()}) if project.revision > 1 else None
        earlier = [run for run in runs if run.decided_at and run.pk != item.run_id]
        names = {line.pk: line.name for line in project.lines.all()} | {row["id"]: row["name"] for revision in project.revisions.all() for row in revision.snapshot["lines"]}
        remarks = [(names.get(key, "—"), who, text) for key, rows in line_remarks(run for run in runs if run.result != "void").items() for who, text in rows]
        entries.append(
            {
                "item": item, "project": project, "shares": shares(project.lines.all()), "fundings": project.fundings.all(), "changes": changes, "remarks": remarks,
                "earlier": [(run, said(run)) for run in earlier], "concerned": [person for person in members if conflict(project, person)],
            }
        )  # fmt: skip
    return entries


def rows_in(entries):
    """How many table rows a pack prints."""
    return sum(8 + len(entry["fundings"]) + len(entry["earlier"]) + len(entry["remarks"]) + (len(entry["changes"].lines) if entry["changes"] else 0) for entry in entries)


def pack_pdf(meeting, entries=None):
    """The agenda pack as PDF bytes: cover with agenda, then one project after another. Raises Refusal when this machine makes no PDF."""
    entries = pack_of(meeting) if entries is None else entries
    context = {"meeting": meeting, "entries": entries, "members": members_of(meeting), "kinds": KINDS, "results": GATE_RESULTS, "quorum": QUORUMS[meeting.quorum], "printed": clock.now()}
    with translation.override("zh-hans"):
        return render_pdf("documents/meeting_pack.html", context)


def enqueue_pack(meeting, user):
    """The Job that makes the pack of a long agenda and keeps it with the meeting."""
    return jobs.enqueue("procurement.meeting_pack", {"meeting": meeting.pk}, actor=user)


@jobs.register("procurement.meeting_pack", label=_("Agenda pack"))
def make_pack(run, *, meeting):
    """Render a long pack and keep it with the meeting."""
    row = Meeting.objects.select_related("purchaser", "chair").get(pk=meeting)
    content = pack_pdf(row)
    with run.step():
        files.attach(row, ContentFile(content, name=f"{row.number}议题材料.pdf"), "agenda_pack", actor=run.job.requested_by)
    return row.get_absolute_url()


def minutes_pdf(meeting):
    """The minutes to be signed: number, day, place, present, absent, per item who stepped aside, result, cut in figures and 大写, signatures."""
    members, present, items = members_of(meeting), list(meeting.attendees.order_by("name")), items_of(meeting)
    there = {person.pk for person in present}
    for item in items:
        item.heads, item.words = heads_of(item, meeting, present), RESULTS[item.result]
        item.counted = any(number is not None for number in (item.votes_for, item.votes_against, item.abstained))
    context = {
        "meeting": meeting, "items": items, "members": members, "present": [person for person in present if not members or person.pk in meeting.members],
        "listening": [person for person in present if members and person.pk not in meeting.members], "absent": [person for person in members if person.pk not in there],
        "quorum": QUORUMS[meeting.quorum], "printed": clock.now(),
    }  # fmt: skip
    with translation.override("zh-hans"):
        return render_pdf("documents/meeting_minutes.html", context)
