"""Pages for what went wrong: what happened, why, and what to do next. They need neither database nor session."""

import logging

from django.http import HttpResponse
from django.template import loader
from django.utils.translation import gettext_lazy as _

log = logging.getLogger("diandan.errors")

PAGES = {
    400: (_("This request could not be read"), _("Something in the address or the form was damaged on the way."), _("Go back, reload the page and try again.")),
    403: (_("This is not part of your role"), _("You are signed in, but your role does not allow this step."), _("Go back to your desk. If you should be able to do it, ask the person who keeps the members of your office.")),
    404: (_("There is nothing here for you"), _("The page does not exist, or it belongs to somebody else."), _("Check the address, use the search, or start from your desk.")),
    405: (_("This address only takes forms"), _("It was opened directly instead of through its button."), _("Go back and use the button on the page.")),
    413: (_("This file or form is too large"), _("What you sent is larger than the platform takes."), _("Make the file smaller (for photos: choose a lower quality) or send it in parts.")),
    429: (_("Too many attempts"), _("There were too many requests from here in a short time."), _("Wait a few minutes and try again.")),
    500: (_("Something failed on our side"), _("Nothing was half-saved: a step is done completely or not at all."), _("Go back and check whether your step is shown. If not, try again; if it fails again, tell the administrator the time.")),
}
CSRF = (_("This form was open for too long"), _("Its security token no longer fits, so nothing was saved."), _("Go back, reload the page and send it again. Your draft is kept. Cookies must be allowed."))


def page(request, status, words=None):
    """An error page; plain enough to work when nothing else does."""
    title, why, todo = words or PAGES[status]
    html = loader.render_to_string("errors/error.html", {"status": status, "title": title, "why": why, "todo": todo})
    return HttpResponse(html, status=status)


def bad_request(request, exception=None):
    """400; what was too large comes here as a suspicious operation and is told as 413."""
    return page(request, 413 if "TooBig" in type(exception).__name__ or "TooMany" in type(exception).__name__ else 400)


def forbidden(request, exception=None):
    title, why, todo = PAGES[403]
    said = str(exception) if exception and str(exception) else ""
    return page(request, 403, (title, said or why, todo))


def not_found(request, exception=None):
    return page(request, 404)


def server_error(request):
    return page(request, 500)


def csrf_failure(request, reason=""):
    log.info("csrf: %s %s", request.path, reason)
    return page(request, 403, CSRF)
