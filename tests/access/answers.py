"""Asking one address as one person, with everything undone afterwards."""

from copy import copy

from django.db import connection, transaction
from django.urls import reverse
from django.utils.http import urlencode

from tests.access.objects import arguments
from tests.access.world import client_of


def address(world, url, name, query=None):
    """The address of a named URL for an object of the table."""
    found = reverse(url, args=arguments(world, name))
    return f"{found}?{urlencode(query)}" if query else found


def ask(user, where, method="GET", data=None, **extra):
    """The response; whatever the request wrote is rolled back."""
    client = client_of(user)
    kept = copy(client.cookies)
    with transaction.atomic():
        response = getattr(client, method.lower())(where, data or {}, **extra)
        if getattr(response, "streaming", False):
            b"".join(response)
        connection.needs_rollback = False
        transaction.set_rollback(True)
    client.cookies = kept if user else type(kept)()
    return response


def code_of(response):
    """The status as the tables write it: "login" for a way to the sign-in page."""
    if response.status_code == 302 and response["Location"].startswith("/accounts/login/"):
        return "login"
    return str(response.status_code)
