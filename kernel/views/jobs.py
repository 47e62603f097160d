"""The progress of background work, for the person who asked for it and nobody else."""

from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kernel import jobs
from kernel.models.job import Job


def _context(request, pk):
    job = get_object_or_404(Job.objects.visible_to(request.user).select_related("result"), pk=pk)
    _handler, label = jobs.KINDS.get(job.kind, (None, job.kind))
    return {"job": job, "label": label, "message": jobs.MESSAGES.get(job.message, "")}


@require_safe
@login_required
@never_cache
def job(request, pk):
    """The page a person waits on; without JavaScript it reloads itself."""
    return render(request, "kernel/job.html", _context(request, pk))


@require_safe
@login_required
@never_cache
def job_progress(request, pk):
    """The fragment HTMX polls once a second until the job is over."""
    context = _context(request, pk)
    answer = render(request, "kernel/job_progress.html", context)
    if context["job"].state == "done" and context["job"].result_url:
        answer["HX-Redirect"] = context["job"].result_url  # the waiting page becomes the result by itself
    return answer


@require_safe
@login_required
def job_list(request):
    """My background work, newest first: reports stay downloadable."""
    rows = list(Job.objects.visible_to(request.user).select_related("result")[:100])
    for row in rows:
        row.label = jobs.KINDS.get(row.kind, (None, row.kind))[1]
    return render(request, "kernel/job_list.html", {"rows": rows})
