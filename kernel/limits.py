"""Requests that are too large are answered before anything reads them."""

from django.conf import settings
from django.shortcuts import render


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
        if length > limit:
            return too_large(request, limit)
        return self.get_response(request)


def too_large(request, limit):
    """The 413 page. `limit` in bytes."""
    response = render(request, "errors/413.html", {"limit_mb": limit // (1024 * 1024)}, status=413)
    response["Connection"] = "close"
    return response
