"""Asserting that a verb is refused with a sentence."""

import pytest

from kernel.lifecycle import Refusal


def refusal(call, *args, **kwargs):
    """Call and expect a refusal with a sentence; returns it."""
    with pytest.raises(Refusal) as caught:
        call(*args, **kwargs)
    assert str(caught.value.sentence).strip()
    return caught.value


def refused(code, call, *args, **kwargs):
    """Call and expect this refusal; returns it."""
    found = refusal(call, *args, **kwargs)
    assert found.code == code, f"{found.code}: {found}"
    return found
