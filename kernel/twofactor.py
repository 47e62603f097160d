"""Two-step sign-in for people who handle money (`kernel.registry.requires_totp`)."""

from allauth.mfa.models import Authenticator

from kernel import clock, registry

SETTLED = "second_factor_settled"
REMINDED = "second_factor_reminder"
SETTLED_SECONDS = 600


def has_second_factor(user):
    return Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).exists()


def lacks_second_factor(request):
    """Whether this person must still set up a second factor. A settled answer is kept in the session for ten minutes."""
    now = clock.wall().timestamp()
    if now < request.session.get(SETTLED, 0):
        return False
    if has_second_factor(request.user) or not registry.requires_totp(request.user):
        request.session[SETTLED] = now + SETTLED_SECONDS
        return False
    return True


def is_reminded(request):
    """For the desk's banner only: as `lacks_second_factor`, but "missing" is kept for ten minutes too. No door depends on it."""
    now = clock.wall().timestamp()
    if now < request.session.get(REMINDED, 0):
        return True
    if lacking := lacks_second_factor(request):
        request.session[REMINDED] = now + SETTLED_SECONDS
    return lacking


def forget(request):
    """Ask again at the next page: the factor may have been removed."""
    request.session.pop(SETTLED, None)
    request.session.pop(REMINDED, None)
