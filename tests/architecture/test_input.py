"""Every form of ours refuses unusable input the same way, and every upload is checked by content."""

import importlib
import pkgutil

import pytest
from django import forms

from kernel.cleaning import CleanMixin
from kernel.upload import UploadField

APPS = ("kernel", "communities", "providers", "procurement", "evaluation", "reporting", "config")


def our_forms():
    """All form classes our modules define."""
    for app in APPS:
        package = importlib.import_module(app)
        for module in pkgutil.walk_packages(package.__path__, f"{app}."):
            if module.name.startswith(("config.wsgi", "config.celery")) or ".migrations" in module.name:
                continue
            for thing in vars(importlib.import_module(module.name)).values():
                if isinstance(thing, type) and issubclass(thing, forms.BaseForm) and thing.__module__ == module.name:
                    yield thing


def test_every_form_is_clean():
    found = list(our_forms())
    assert len(found) > 5
    assert [f"{form.__module__}.{form.__name__}" for form in found if not issubclass(form, CleanMixin)] == []


@pytest.mark.parametrize("field_type", [forms.FileField])
def test_every_upload_is_checked_by_content(field_type):
    loose = [
        f"{form.__module__}.{form.__name__}.{name}"
        for form in our_forms()
        for name, field in form.base_fields.items()
        if isinstance(field, field_type) and not isinstance(field, UploadField)
    ]
    assert [name for name in loose if name not in READ_ONCE] == []


READ_ONCE = {"reporting.forms.report.VerifyForm.file", "kernel.views.calendar.YearForm.file"}  # read at once by its own form, never kept
