"""Files: what is let in, how it lies on disk, who gets it back, and what stays."""

import datetime
import io
import zipfile
from pathlib import Path

import pytest
from django.core.exceptions import SuspiciousFileOperation, ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from kernel import clock, files, filetypes
from kernel.lifecycle import Refusal
from kernel.models import Attachment, TrailRow, User
from kernel.spreadsheet import write_xlsx
from kernel.storage import content_name

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


def picture(kind="JPEG", size=(40, 30)):
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, kind)
    return out.getvalue()


def archive(**entries):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries.items():
            made.writestr(name.replace("__", "/"), content)
    return out.getvalue()


DOCX = archive(**{"[Content_Types].xml": "x", "word__document.xml": "x"})


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture
def rules(monkeypatch):
    monkeypatch.setattr(files, "_access", {})
    monkeypatch.setattr(files, "_disposable", set())


@pytest.fixture
def people(db):
    """Alice owns, Bob may read public files, Charlie is nobody here."""
    return {name: User.objects.create_user(name, name=name) for name in ("alice", "bob", "charlie")}


@pytest.fixture
def owned(people, rules):
    """Alice's own page, and a rule: hers, or public for those logged in and bob."""
    files.register_access(User, lambda user, row: user.pk == row.subject_id or row.visibility == "public")
    return people["alice"]


def client_of(user=None):
    client = Client()
    if user:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("会议纪要.pdf", PDF, "pdf"),
        ("a.JPG", picture(), "jpeg"),
        ("a.jpeg", picture(), "jpeg"),
        ("a.png", picture("PNG"), "png"),
        ("a.xlsx", write_xlsx("t", ["a"], [["1"]]), "xlsx"),
        ("a.docx", DOCX, "docx"),
        ("a.csv", "名称,单价\n活动,2.00\n".encode("gb18030"), "csv"),
        ("a.txt", "说明".encode(), "txt"),
    ],
)
def test_accepted_kinds(name, content, kind):
    assert filetypes.inspect(SimpleUploadedFile(name, content)).key == kind


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("empty.pdf", b"", "empty"),
        ("photo.jpg", PDF, "wrong_extension"),
        ("run.pdf", b"MZ\x90\x00" + b"\x00" * 50, "wrong_kind"),
        ("page.txt", b"\x00\x01\x02", "wrong_kind"),
        ("a.zip", archive(a="1"), "wrong_kind"),
        ("a.docx", archive(a="1"), "wrong_kind"),
        ("a.xlsx", archive(**{"[Content_Types].xml": "x", "xl__workbook.xml": "x", "xl__vbaProject.bin": "x"}), "macros"),
        ("a.xlsx", archive(**{"[Content_Types].xml": "x", "xl__workbook.xml": b"0" * (filetypes.MAX_UNPACKED + 1)}), "zip_bomb"),
        ("a.xlsx", DOCX[:60], "damaged"),
        ("a.jpg", picture()[:10], "damaged"),
        ("a.png", picture("PNG")[:60], "damaged"),
        ("page.html", b"<script>alert(1)</script>", "wrong_extension"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "wrong_extension"),
    ],
)
def test_refused_with_a_sentence(name, content, code):
    with pytest.raises(ValidationError) as refused:
        filetypes.inspect(SimpleUploadedFile(name, content))
    assert refused.value.code == code and refused.value.messages[0]


def test_a_picture_bomb_is_refused(monkeypatch):
    monkeypatch.setattr(filetypes, "MAX_PIXELS", 1000)
    with pytest.raises(ValidationError) as refused:
        filetypes.inspect(SimpleUploadedFile("a.png", picture("PNG", (50, 50))))
    assert refused.value.code == "image_bomb"


def test_too_large_names_both_sizes(settings):
    settings.MAX_UPLOAD_BYTES = 20
    with pytest.raises(ValidationError) as refused:
        filetypes.inspect(SimpleUploadedFile("a.pdf", PDF))
    assert refused.value.code == "too_large" and "20" in refused.value.messages[0]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("..\\..\\C:\\会议 纪要.pdf", "会议 纪要.pdf"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("a\x00b\u202efdp.txt", "abfdp.txt"),
        ('x<">|?*.csv', "x______.csv"),
        ("长" * 300 + ".pdf", "长" * 116 + ".pdf"),
        ("", "file"),
    ],
)
def test_names_are_cleaned(given, kept):
    assert filetypes.clean_name(given) == kept


def test_attach_keeps_by_content_with_trail(owned, media):
    row = files.attach(owned, SimpleUploadedFile("纪要.pdf", PDF), "minutes", actor=owned)
    stored = media / content_name(row.sha256)
    assert stored.read_bytes() == PDF and stored.stat().st_mode & 0o077 == 0
    assert (row.size, row.content_type, row.original_name, row.uploaded_by) == (len(PDF), "application/pdf", "纪要.pdf", owned)
    assert not list((media / "incoming").iterdir())
    step = TrailRow.objects.get(verb="attach")
    assert step.params == {"attachment": row.pk, "role": "minutes", "sha256": row.sha256}
    assert files.intact(row)
    stored.chmod(0o600)
    stored.write_bytes(PDF[:-1] + b"!")
    assert not files.intact(row)


def test_the_same_file_twice_is_one_row_another_role_is_another(owned):
    first = files.attach(owned, ("a.pdf", PDF), "minutes", actor=owned)
    assert files.attach(owned, ("b.pdf", PDF), "minutes", actor=owned) == first
    files.attach(owned, ("a.pdf", PDF), "proof", actor=owned)
    assert Attachment.objects.count() == 2 and TrailRow.objects.filter(verb="attach").count() == 2


def test_a_refused_file_leaves_nothing(owned, media):
    with pytest.raises(ValidationError):
        files.attach(owned, ("a.pdf", b"no pdf"), "minutes", actor=owned)
    assert not Attachment.objects.exists() and not TrailRow.objects.filter(verb="attach").exists() and not list(media.rglob("*"))


def test_a_disk_that_fails_half_way_leaves_no_row_and_no_half_file(owned, media, monkeypatch):
    monkeypatch.setattr("os.fsync", lambda handle: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        files.attach(owned, ("a.pdf", PDF), "minutes", actor=owned)
    assert not Attachment.objects.exists() and not [path for path in media.rglob("*") if path.is_file()]


def test_a_half_file_left_by_a_crash_is_replaced(owned, media):
    import hashlib

    sha256 = hashlib.sha256(PDF).hexdigest()
    left = media / content_name(sha256)
    left.parent.mkdir(parents=True)
    left.write_bytes(PDF[:5])
    assert files.intact(files.attach(owned, ("a.pdf", PDF), "minutes", actor=owned))


def test_storage_takes_only_names_of_content():
    with pytest.raises(SuspiciousFileOperation):
        default_storage.save("photo.jpg", ContentFile(b"x"))
    with pytest.raises(NotImplementedError):
        default_storage.url(content_name("0" * 64))


def test_owner_reads_stranger_gets_404_nobody_gets_the_login(owned, people):
    row = files.attach(owned, SimpleUploadedFile("会议纪要.pdf", PDF), "minutes", actor=owned)
    url = row.get_absolute_url()
    response = client_of(owned).get(url)
    assert response.status_code == 200 and b"".join(response.streaming_content) == PDF
    assert response["Content-Disposition"].startswith("attachment;") and "%E4%BC%9A" in response["Content-Disposition"]
    assert response["X-Content-Type-Options"] == "nosniff" and "sandbox" in response["Content-Security-Policy"]
    assert "no-store" in response["Cache-Control"] or "private" in response["Cache-Control"]
    for person in ("bob", "charlie"):
        assert client_of(people[person]).get(url).status_code == 404
    assert client_of().get(url).status_code == 302
    assert client_of().get(reverse("file", args=[row.pk + 1000, "x.pdf"])).status_code == 302
    assert client_of(owned).get(reverse("file", args=[row.pk + 1000, "x.pdf"])).status_code == 404
    assert client_of(owned).post(url).status_code == 405
    assert client_of(owned).get(url + "?inline=1")["Content-Disposition"].startswith("attachment")


def test_public_files_need_no_account(owned):
    row = files.attach(owned, ("n.pdf", PDF), "notice", actor=owned, visibility="public")
    assert client_of().get(row.get_absolute_url()).status_code == 200


def test_a_noun_without_a_rule_shows_its_files_to_nobody(people, rules):
    row = files.attach(people["alice"], ("a.pdf", PDF), "minutes", actor=people["alice"], visibility="public")
    assert client_of(people["alice"]).get(row.get_absolute_url()).status_code == 404


def test_pictures_show_inline_and_small_without_metadata(owned, people):
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (30.0, 39.0, 0.0)}
    out = io.BytesIO()
    Image.new("RGB", (1600, 800), "blue").save(out, "JPEG", exif=exif)
    row = files.attach(owned, ("活动.jpg", out.getvalue()), "photo", actor=owned)
    inline = client_of(owned).get(row.get_absolute_url() + "?inline=1")
    assert inline["Content-Disposition"].startswith("inline") and b"".join(inline.streaming_content) == out.getvalue()
    thumb = reverse("file_thumbnail", args=[row.pk])
    small = Image.open(io.BytesIO(client_of(owned).get(thumb).content))
    assert small.size == (480, 240) and not small.getexif()
    assert client_of(people["charlie"]).get(thumb).status_code == 404
    paper = files.attach(owned, ("a.pdf", PDF), "minutes", actor=owned)
    assert client_of(owned).get(reverse("file_thumbnail", args=[paper.pk])).status_code == 404


def test_a_file_gone_from_disk_is_404_not_500(owned, media):
    row = files.attach(owned, ("a.pdf", PDF), "minutes", actor=owned)
    (media / content_name(row.sha256)).unlink()
    assert client_of(owned).get(row.get_absolute_url()).status_code == 404


@pytest.mark.rule("I01")
def test_archive_files_are_never_deleted_before_their_time(owned):
    row = files.attach(owned, ("a.pdf", PDF), "minutes", actor=owned)
    for attempt in (row.delete, Attachment.objects.all().delete, lambda: files.remove(row, actor=owned)):
        with pytest.raises(Refusal) as refused:
            attempt()
        assert "42" in refused.value.article
    Attachment.objects.update(kept_until=datetime.date(2041, 6, 1))
    with clock.travelled(datetime.date(2041, 6, 1)), pytest.raises(Refusal, match="2041-06-01"):
        Attachment.objects.get().delete()
    assert Attachment.objects.count() == 1 and files.intact(row)


def test_disposable_files_go_with_their_content_unless_shared(people, rules, media, django_capture_on_commit_callbacks):
    files.register_access(User, lambda user, row: True, disposable=True)
    alice, bob = people["alice"], people["bob"]
    mine, theirs = files.attach(alice, ("a.pdf", PDF), "other", actor=alice), files.attach(bob, ("a.pdf", PDF), "other", actor=bob)
    stored = media / content_name(mine.sha256)
    with django_capture_on_commit_callbacks(execute=True):
        files.remove(mine, actor=alice, reason="on request")
    assert stored.exists()
    with django_capture_on_commit_callbacks(execute=True):
        files.remove(theirs, actor=bob)
    assert not stored.exists() and TrailRow.objects.filter(verb="detach").count() == 2


def test_the_tag_lists_only_what_the_reader_may_read(owned, people, rf):
    from django.template import Context, Template

    files.attach(owned, ("秘密.pdf", PDF), "minutes", actor=owned)
    files.attach(owned, ("公开.jpg", picture()), "photo", actor=owned, visibility="public")
    page = Template("{% load files %}{% files subject %}|{% files subject 'photo' empty=False %}")

    def seen(user):
        request = rf.get("/")
        request.user = user
        return page.render(Context({"request": request, "subject": owned}))

    assert "秘密.pdf" in seen(owned) and "公开.jpg" in seen(owned)
    assert "秘密.pdf" not in seen(people["bob"]) and seen(people["bob"]).count("<img") == 2


def test_files_lie_outside_what_the_web_serves(owned):
    from django.conf import settings as real

    media = (real.VAR / "media").resolve()
    served = [Path(real.STATIC_ROOT), *(Path(entry[1] if isinstance(entry, tuple) else entry) for entry in real.STATICFILES_DIRS)]
    assert not any(media.is_relative_to(folder.resolve()) for folder in served)
    row = files.attach(owned, ("n.pdf", PDF), "notice", actor=owned, visibility="public")
    for root in filter(None, ("/media/", "/static/", real.MEDIA_URL)):
        assert client_of().get(root + content_name(row.sha256)).status_code == 404


def test_check_files_names_what_changed_and_removes_what_nobody_needs(owned, media):
    import os
    from io import StringIO

    from django.core.management import CommandError, call_command

    row = files.attach(owned, ("a.pdf", PDF), "minutes", actor=owned)
    orphan, fresh = (files.keep(SimpleUploadedFile("b.pdf", PDF + extra))[0] for extra in (b"1", b"2"))
    for path in (media / content_name(orphan), media / content_name(row.sha256)):
        os.utime(path, (1, 1))
    out = StringIO()
    call_command("check_files", "--remove-orphans", stdout=out)
    assert "1 contents" in out.getvalue()
    assert not (media / content_name(orphan)).exists() and (media / content_name(fresh)).exists() and files.intact(row)
    (media / content_name(row.sha256)).write_bytes(b"changed")
    with pytest.raises(CommandError):
        call_command("check_files", stdout=StringIO())


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_make_one_file(settings, rules):
    import threading

    from django.db import connection

    owner = User.objects.create_user("alice", name="alice")
    start, made = threading.Barrier(4), []

    def click():
        try:
            start.wait(20)
            made.append(files.attach(User.objects.get(pk=owner.pk), ("a.pdf", PDF), "minutes", actor=owner).pk)
        finally:
            connection.close()

    clicks = [threading.Thread(target=click) for _ in range(4)]
    [thread.start() for thread in clicks]
    [thread.join(60) for thread in clicks]
    assert len(made) == 4 and len(set(made)) == 1 and Attachment.objects.count() == 1
    assert TrailRow.objects.filter(verb="attach").count() == 1
