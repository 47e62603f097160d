"""Language, expired sessions, submitted drafts and the second factor: what every request passes through."""

from contextlib import nullcontext
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from kernel import drafts, workdays
from kernel.lifecycle import remember_principals
from kernel.twofactor import forget, lacks_second_factor


class NoNul:
    """An address with NUL in it names nothing: not found, whatever the database would say of it. Stands innermost, so that the answer is our page."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if "\x00" in request.path_info:
            raise Http404


class Language:
    """Chinese unless the person chose otherwise: the cookie decides, a browser's own wish does not."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        asked = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        language = asked if asked in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        reading = workdays.remembering() if request.method in ("GET", "HEAD") else nullcontext()
        with translation.override(language), reading:
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


class ExpiredPost:
    """A form sent after the session ended: sign in, come back to the form, and say what happened to the input."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        login = reverse(settings.LOGIN_URL)
        if request.method == "POST" and response.status_code == 302 and response.url.startswith(login) and request.path != login and not request.user.is_authenticated:
            came_from = request.headers.get("Referer", "")
            if url_has_allowed_host_and_scheme(came_from, allowed_hosts={request.get_host()}):
                parts = urlsplit(came_from)
                back = parts.path + (f"?{parts.query}" if parts.query else "")
            else:
                back = "/"
            messages.warning(request, _("You were signed out, so this was not sent. Sign in again: you come back to the form and your draft is kept."))
            return HttpResponseRedirect(f"{login}?{urlencode({'next': back})}")
        return response


class SubmittedDraft:
    """A form that went through needs its draft no more."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if request.method == "POST" and response.status_code in (302, 303) and request.user.is_authenticated:
            key = request.POST.get("_draft", "")
            if key:
                drafts.drop(request.user, key[:120])
        return response


class SecondFactor:
    """In production people who handle money set up two-step sign-in before they go on; demo only reminds them."""

    OPEN = ("/accounts/", "/static/", "/i18n/", "/language/", "/csp-report/", "/healthz", "/readyz", "/drafts/")

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if not request.user.is_authenticated:
            return self.get_response(request)
        remember_principals(request.user)
        if request.path.startswith("/accounts/2fa/"):
            forget(request)
        if settings.REQUIRE_TOTP and not request.path.startswith(self.OPEN) and lacks_second_factor(request):
            messages.warning(request, _("Your role handles money: set up two-step sign-in before you go on."))
            return redirect("mfa_activate_totp")
        return self.get_response(request)
