"""Serving files: never from a static folder, only to those whom the file's subject lets read it."""

import io

from django.core.cache import cache
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe
from PIL import Image, ImageOps

from kernel import files
from kernel.models.attachment import Attachment

THUMB = (480, 480)


def _readable(request, pk):
    """The attachment, a redirect to the login for people not logged in, or 404: whether it exists stays unknown."""
    attachment = Attachment.objects.filter(pk=pk).select_related("subject_type").first()
    if attachment and files.may_read(request.user, attachment):
        return attachment, None
    if not request.user.is_authenticated:
        return None, redirect(f"{_login_url()}?next={request.path}")
    raise Http404


def _login_url():
    from django.conf import settings
    from django.shortcuts import resolve_url

    return resolve_url(settings.LOGIN_URL)


def _guarded(response):
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    patch_cache_control(response, private=True, max_age=0, must_revalidate=True)
    return response


@require_safe
def file(request, pk, name):
    """The file itself, as a download; pictures also inside a page (`?inline=1`)."""
    attachment, away = _readable(request, pk)
    if away:
        return away
    try:
        content = attachment.open()
    except OSError:
        raise Http404 from None
    inline = attachment.is_image and "inline" in request.GET
    response = FileResponse(content, as_attachment=not inline, filename=attachment.original_name, content_type=attachment.content_type)
    return _guarded(response)


@require_safe
def thumbnail(request, pk):
    """A small JPEG of a picture, turned upright and without its metadata."""
    attachment, away = _readable(request, pk)
    if away:
        return away
    if not attachment.is_image:
        raise Http404
    key = f"thumb:{attachment.sha256}"
    content = cache.get(key)
    if content is None:
        try:
            content = _shrunk(attachment)
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            raise Http404 from None
        cache.set(key, content, 3600)
    return _guarded(HttpResponse(content, content_type="image/jpeg"))


def _shrunk(attachment):
    with attachment.open() as source, Image.open(source, formats=["JPEG", "PNG"]) as picture:
        picture.draft("RGB", THUMB)
        small = ImageOps.exif_transpose(picture).convert("RGB")
        small.thumbnail(THUMB)
        out = io.BytesIO()
        small.save(out, "JPEG", quality=75)
    return out.getvalue()
