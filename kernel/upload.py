"""Form fields for files: type checked by content, size, count; every error a sentence beside the field."""

from functools import wraps

from django import forms
from django.conf import settings
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.template.defaultfilters import filesizeformat
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from kernel import filetypes


class KeptInMemory(MemoryFileUploadHandler):
    """Never spills into a temporary file; `kernel.limits` bounds the request before."""

    def handle_raw_input(self, input_data, META, content_length, boundary, encoding=None):
        self.activated = content_length <= settings.MAX_REQUEST_BYTES


def memory_only(view):
    """Outermost decorator of a view that takes parts of bids: what is uploaded touches no disk before it is sealed."""

    @wraps(view)
    def guarded(request, *args, **kwargs):
        request.upload_handlers = [KeptInMemory(request)]  # before anything reads the form, the CSRF check included
        return csrf_protect(view)(request, *args, **kwargs)

    return csrf_exempt(guarded)


def _hint(kinds, limit, many):
    labels = ", ".join(filetypes.KINDS[key].label for key in kinds)
    text = gettext("%(kinds)s, at most %(limit)s each") if many else gettext("%(kinds)s, at most %(limit)s")
    return text % {"kinds": labels, "limit": filesizeformat(limit)}


class UploadField(forms.FileField):
    """One file. `kinds`: keys of filetypes.KINDS (filetypes.SCANS, TABLES, IMAGES, ALL); the cleaned value carries `.kind`."""

    widget = forms.FileInput
    many = False
    default_error_messages = {
        "required": _("Choose a file."),
        "invalid": _("No file arrived. Choose it again."),
        "missing": _("No file arrived. Choose it again."),
        "empty": _("The file is empty. Choose it again."),
    }

    def __init__(self, *, kinds=filetypes.ALL, max_bytes=None, **kwargs):
        self.kinds, self.max_bytes = tuple(kinds), max_bytes or settings.MAX_UPLOAD_BYTES
        kwargs.setdefault("help_text", lazy(_hint, str)(self.kinds, self.max_bytes, self.many))
        super().__init__(**kwargs)

    def widget_attrs(self, widget):
        accept = ",".join(extension for key in self.kinds for extension in filetypes.KINDS[key].extensions)
        return super().widget_attrs(widget) | {"accept": accept, "data-max-bytes": str(self.max_bytes)}

    def clean(self, data, initial=None):
        upload = super().clean(data, initial)
        if upload and upload is not initial:
            upload.kind = filetypes.inspect(upload, self.kinds, self.max_bytes)
        return upload


class _ManyFiles(forms.FileInput):
    allow_multiple_selected = True


class UploadsField(UploadField):
    """Several files (photos of an activity); the cleaned value is a list."""

    widget = _ManyFiles
    many = True

    def __init__(self, *, max_files=30, **kwargs):
        self.max_files = max_files
        super().__init__(**kwargs)

    def clean(self, data, initial=None):
        uploads = data if isinstance(data, (list, tuple)) else [data] if data else []
        if not uploads:
            super().clean(None, initial)
            return []
        if len(uploads) > self.max_files:
            raise forms.ValidationError(_("Choose at most %(count)d files at once."), params={"count": self.max_files}, code="too_many")
        errors, clean = [], []
        for upload in uploads:
            try:
                clean.append(super().clean(upload, None))
            except forms.ValidationError as error:
                errors += [f"{filetypes.clean_name(upload.name)}: {message}" for message in error.messages]
        if errors:
            raise forms.ValidationError(errors)
        return clean
