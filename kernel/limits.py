"""Requests that are too large are answered before anything reads them."""

from django.conf import settings
from django.utils.translation import gettext as _

from kernel.views import errors


class RequestSizeLimit:
    """Middleware: 413 with a page that says the limit, for whole requests and for forms without files."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = 0
        is_upload = request.META.get("CONTENT_TYPE", "").startswith("multipart/form-data")
        limit = settings.MAX_REQUEST_BYTES if is_upload else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if length <= limit:
            return self.get_response(request)
        return too_large(request, limit)


def too_large(request, limit):
    """The 413 page. `limit` in bytes."""
    title, _why, todo = errors.PAGES[413]
    response = errors.page(request, 413, (title, _("The platform takes at most %(limit)s MB at once.") % {"limit": limit // (1024 * 1024)}, todo))
    response["Connection"] = "close"
    return response
