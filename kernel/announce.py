"""Imported when the app is ready: fills the registries with what the kernel itself offers."""

from kernel import announce_law, corrections, drafts, files, notices, proof, retention, rotation  # noqa: F401
from kernel.models import Job

files.register_access(Job, lambda user, attachment: Job.objects.visible_to(user).filter(pk=attachment.subject_id).exists(), disposable=True)
