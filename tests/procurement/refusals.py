"""Asserting that a verb is refused with a sentence."""

import pytest

from kernel.lifecycle import Refusal


def refused(code, call, *args, **kwargs):
    """Call and expect this refusal; returns it."""
    with pytest.raises(Refusal) as caught:
        call(*args, **kwargs)
    assert caught.value.code == code, f"{caught.value.code}: {caught.value}"
    assert str(caught.value.sentence).strip()
    return caught.value
