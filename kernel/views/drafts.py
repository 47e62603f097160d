"""GET, POST and DELETE of one draft, for the person who typed it."""

import json

from django.http import HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from kernel import drafts
from kernel.lifecycle import Refusal

LONGEST_KEY = 120


@never_cache
@require_http_methods(["GET", "POST", "DELETE"])
def draft(request, key):
    """200 with content and time, 204 when there is none; 401 when signed out, so that the page can say so."""
    if not request.user.is_authenticated:
        return JsonResponse({"error": "signed_out"}, status=401)
    if len(key) > LONGEST_KEY:
        return JsonResponse({"error": "key_too_long"}, status=400)
    if request.method == "DELETE":
        drafts.drop(request.user, key)
        return HttpResponse(status=204)
    if request.method == "GET":
        found = drafts.load(request.user, key)
        return JsonResponse({"content": found[0], "saved_at": found[1].isoformat()}) if found else HttpResponse(status=204)
    try:
        content = json.loads(request.body)
    except (ValueError, UnicodeDecodeError):
        return JsonResponse({"error": "not_json"}, status=400)
    if not isinstance(content, dict):
        return JsonResponse({"error": "not_an_object"}, status=400)
    try:
        saved = drafts.save(request.user, key, content)
    except Refusal:
        return JsonResponse({"error": "too_large"}, status=413)
    return JsonResponse({"saved_at": saved.saved_at.isoformat()})
