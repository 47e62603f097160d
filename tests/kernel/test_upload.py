"""The upload fields: what stands beside the field."""

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.utils.datastructures import MultiValueDict

from kernel import filetypes
from kernel.upload import UploadField, UploadsField, memory_only

PDF = b"%PDF-1.7\n%%EOF\n"


class One(forms.Form):
    minutes = UploadField(kinds=filetypes.SCANS, max_bytes=1000)


class Many(forms.Form):
    photos = UploadsField(kinds=("pdf",), max_files=2, required=False)


def test_one_good_file_knows_its_kind():
    form = One({}, {"minutes": SimpleUploadedFile("a.pdf", PDF)})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["minutes"].kind.key == "pdf"


@pytest.mark.parametrize("given", [None, SimpleUploadedFile("a.pdf", b""), SimpleUploadedFile("a.txt", b"text"), SimpleUploadedFile("a.pdf", PDF + b"x" * 1000)])
def test_errors_stand_beside_the_field(given):
    form = One({}, {"minutes": given} if given else {})
    assert not form.is_valid() and list(form.errors) == ["minutes"]


def test_the_widget_says_what_may_be_chosen():
    html = str(One()["minutes"])
    assert 'accept=".pdf,.jpg,.jpeg,.png"' in html and "PDF" in str(One()["minutes"].help_text)


def test_several_files_and_the_name_of_the_bad_one():
    good = [SimpleUploadedFile(f"{number}.pdf", PDF) for number in range(3)]
    form = Many({}, MultiValueDict({"photos": good[:2]}))
    assert form.is_valid() and [upload.name for upload in form.cleaned_data["photos"]] == ["0.pdf", "1.pdf"]
    assert Many({}, MultiValueDict()).is_valid()
    assert not Many({}, MultiValueDict({"photos": good})).is_valid()
    form = Many({}, MultiValueDict({"photos": [good[0], SimpleUploadedFile("bad.pdf", b"MZ")]}))
    assert not form.is_valid() and "bad.pdf" in form.errors["photos"][0]
    assert "multiple" in str(Many()["photos"])


def multipart(rf, content, **extra):
    request = rf.post("/bid/", {"part": SimpleUploadedFile("plan.pdf", content), **extra})
    request.session, request.user = {}, None
    return request


def test_a_bid_upload_touches_no_disk(rf, monkeypatch):
    import tempfile

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", lambda *a, **k: pytest.fail("written to a temporary file"))
    monkeypatch.setattr(tempfile, "mkstemp", lambda *a, **k: pytest.fail("written to a temporary file"))
    content = PDF + b"x" * 6_000_000  # far above what Django keeps in memory by itself

    @memory_only
    def view(request):
        return HttpResponse(request.FILES["part"].read() == content)

    request = multipart(rf, content)
    request._dont_enforce_csrf_checks = True
    assert view(request).content == b"True"


def test_the_csrf_check_still_holds(rf):
    @memory_only
    def view(request):
        return HttpResponse("taken")

    request = multipart(rf, PDF)
    request._dont_enforce_csrf_checks = False
    assert view(request).status_code == 403
    assert view.csrf_exempt
