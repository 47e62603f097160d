"""Personal values as lists and public pages may show them."""


def mask_phone(value):
    """138****0000; a landline keeps its last two digits."""
    digits = "".join(sign for sign in str(value or "") if sign.isdigit())
    if len(digits) >= 11:
        return f"{digits[-11:-8]}****{digits[-4:]}"
    return "*" * max(len(digits) - 2, 0) + digits[-2:] if len(digits) > 4 else "*" * len(digits)


def mask_id(value):
    """510***********1234 of a card, code or bank account: three in front, four behind."""
    text = str(value or "").strip()
    return f"{text[:3]}{'*' * (len(text) - 7)}{text[-4:]}" if len(text) > 9 else "*" * len(text)


def mask_name(value):
    """王小明 becomes 王**. The family name is enough to recognise, not to find."""
    text = str(value or "").strip()
    return text[:1] + "*" * (len(text) - 1) if len(text) > 1 else "*" * len(text)
