"""Work a person waits for, or a killed worker left behind. The row is the truth; the queue only wakes a worker up."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from kernel import clock

QUEUED, RUNNING, DONE, FAILED = "queued", "running", "done", "failed"


class JobQuerySet(models.QuerySet):
    def visible_to(self, user):
        """A job and its result belong to the person who asked for it, nobody else."""
        return self.filter(requested_by=user) if user.is_authenticated else self.none()


class Job(models.Model):
    """One piece of background work.

    Times are wall times: a travelling demo clock must not make a living worker look dead. `claim` names the worker run that
    holds the job; whatever lost its claim can neither report progress nor finish.
    """

    kind = models.CharField(_("kind"), max_length=60)
    params = models.JSONField(default=dict)
    state = models.CharField(
        _("state"),
        max_length=10,
        default=QUEUED,
        choices=[(QUEUED, _("in the queue")), (RUNNING, _("in progress")), (DONE, _("finished")), (FAILED, _("failed"))],
    )
    progress = models.PositiveSmallIntegerField(_("progress"), default=0)
    message = models.CharField(max_length=60, blank=True)
    detail = models.TextField(blank=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="jobs")
    result = models.ForeignKey("kernel.Attachment", models.PROTECT, null=True, related_name="+")
    result_url = models.CharField(max_length=200, blank=True)
    claim = models.CharField(max_length=32, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.wall)
    sent_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("background job")
        constraints = [models.CheckConstraint(condition=models.Q(progress__lte=100), name="job_progress_percent")]
        indexes = [models.Index(fields=["state", "heartbeat_at"])]

    def __str__(self):
        return f"{self.kind} #{self.pk}"

    @property
    def over(self):
        return self.state in (DONE, FAILED)
