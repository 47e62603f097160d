"""Masks: enough to recognise, too little to find."""

import pytest

from kernel.masks import mask_id, mask_name, mask_phone


@pytest.mark.parametrize(
    ("mask", "value", "shown"),
    [
        (mask_phone, "13812345678", "138****5678"),
        (mask_phone, "+86 138-1234-5678", "138****5678"),
        (mask_phone, "85012345", "******45"),
        (mask_phone, "110", "***"),
        (mask_phone, None, ""),
        (mask_id, "510107199001011234", "510***********1234"),
        (mask_id, "12345", "*****"),
        (mask_name, "王小明", "王**"),
        (mask_name, "王", "*"),
        (mask_name, "", ""),
    ],
)
def test_masks(mask, value, shown):
    assert mask(value) == shown
