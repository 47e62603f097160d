"""Imported when the app is ready: fills the registries with what the kernel itself offers."""

from django.utils.translation import gettext_lazy as _

from kernel import announce_law, corrections, drafts, files, notices, proof, retention, rotation, totals  # noqa: F401
from kernel.models import Job
from kernel.registry import NavItem, nav

files.register_access(Job, lambda user, attachment: Job.objects.visible_to(user).filter(pk=attachment.subject_id).exists(), disposable=True)
nav(NavItem("settings", _("Looks at personal data"), "access_log", may=lambda user: user.is_authenticated and user.is_platform_admin, order=95))
nav(NavItem("work", _("My background work"), "job_list", order=90))
