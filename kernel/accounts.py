"""How people come in: no open sign-up, a sentence when an account is locked for a while."""

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.shortcuts import render


class ClosedSignup(DefaultAccountAdapter):
    """Staff are invited, providers register through their own page; nobody signs up here."""

    def is_open_for_signup(self, request):
        return False


def locked_out(request, credentials=None, *args, **kwargs):
    """Too many wrong passwords for this name from this address: 429, and when to try again."""
    minutes = round(float(settings.AXES_COOLOFF_TIME) * 60) if isinstance(settings.AXES_COOLOFF_TIME, (int, float)) else 15
    return render(request, "errors/locked.html", {"minutes": minutes}, status=429)
