"""What an uploaded file really is, told from its content; the name must agree."""

import io
import re
import unicodedata
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.conf import settings
from django.core.exceptions import ValidationError
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _
from PIL import Image

MAX_PIXELS = 120_000_000  # today's phones make 50 to 108 million
MAX_UNPACKED = 300 * 1024 * 1024
NAME_LENGTH = 120


@dataclass(frozen=True)
class Kind:
    """One accepted file type."""

    key: str
    label: str
    extensions: tuple
    content_type: str


KINDS = {
    kind.key: kind
    for kind in (
        Kind("pdf", "PDF", (".pdf",), "application/pdf"),
        Kind("jpeg", "JPEG", (".jpg", ".jpeg"), "image/jpeg"),
        Kind("png", "PNG", (".png",), "image/png"),
        Kind("xlsx", "Excel (xlsx)", (".xlsx",), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        Kind("docx", "Word (docx)", (".docx",), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        Kind("csv", "CSV", (".csv",), "text/csv"),
        Kind("txt", "TXT", (".txt",), "text/plain"),
    )
}
IMAGES = ("jpeg", "png")
SCANS = ("pdf", *IMAGES)
TABLES = ("xlsx", "csv")
ALL = tuple(KINDS)


def inspect(upload, kinds=ALL, max_bytes=None):
    """The Kind of an upload (a Django File). Raises ValidationError: empty, too large, wrong type, damaged, bomb."""
    max_bytes = max_bytes or settings.MAX_UPLOAD_BYTES
    if not upload.size:
        raise ValidationError(_("The file is empty. Choose it again."), code="empty")
    if upload.size > max_bytes:
        raise ValidationError(
            _("The file is %(size)s, at most %(limit)s is possible. Make it smaller or split it."),
            code="too_large",
            params={"size": filesizeformat(upload.size), "limit": filesizeformat(max_bytes)},
        )
    upload.seek(0)
    try:
        found = _sniff(upload)
    finally:
        upload.seek(0)
    extension = PurePosixPath(str(upload.name).replace("\\", "/")).suffix.lower()
    if found == "text":
        found = "csv" if extension == ".csv" else "txt"
    wanted = [KINDS[key] for key in kinds]
    if found not in kinds:
        raise ValidationError(
            _("This kind of file can't be used here. Possible: %(kinds)s."), code="wrong_kind", params={"kinds": ", ".join(kind.label for kind in wanted)}
        )
    if extension not in KINDS[found].extensions:
        raise ValidationError(
            _("The name ends in “%(extension)s”, but the content is %(kind)s. Save it again in the right format."),
            code="wrong_extension",
            params={"extension": extension or "-", "kind": KINDS[found].label},
        )
    return KINDS[found]


def clean_name(name):
    """The file's own name without folders, control or bidirectional signs; at most 120 characters with its ending."""
    name = unicodedata.normalize("NFC", str(name or "")).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(sign for sign in name if unicodedata.category(sign)[0] != "C")
    name = re.sub(r"\s+", " ", re.sub(r'[<>:"|?*#%;]', "_", name)).strip(" .")
    path = PurePosixPath(name or "file")
    suffix = path.suffix[:10]
    return path.name[: len(path.name) - len(path.suffix)][: NAME_LENGTH - len(suffix)] + suffix


def _sniff(upload):
    head = upload.read(1024)
    if b"%PDF-" in head:
        return "pdf"
    if head.startswith(b"\xff\xd8\xff"):
        return _image(upload, "JPEG", "jpeg")
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return _image(upload, "PNG", "png")
    if head.startswith(b"PK\x03\x04"):
        return _office(upload)
    return _text(upload)


def _image(upload, pillow_format, kind):
    damaged = ValidationError(_("The picture is damaged. Take or export it again."), code="damaged")
    too_large = ValidationError(_("The picture has too many pixels. Save it smaller."), code="image_bomb")
    upload.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(upload, formats=[pillow_format]) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise too_large
                if pillow_format == "PNG":
                    picture.verify()
    except Image.DecompressionBombError as error:
        raise too_large from error
    except (OSError, SyntaxError, ValueError) as error:
        raise damaged from error
    return kind


def _office(upload):
    """xlsx or docx; every other archive is refused, and one that unpacks to far more than it is."""
    upload.seek(0)
    try:
        with zipfile.ZipFile(io.BytesIO(upload.read())) as archive:
            entries = archive.infolist()
            names = {entry.filename for entry in entries}
            if sum(entry.file_size for entry in entries) > MAX_UNPACKED or len(entries) > 5000:
                raise ValidationError(_("The file unpacks to far too much. Split it."), code="zip_bomb")
            if any(name.lower().endswith("vbaproject.bin") for name in names):
                raise ValidationError(_("Files with macros are not accepted. Save it without macros."), code="macros")
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError) as error:
        raise ValidationError(_("The file is damaged. Open it, save it again and upload that."), code="damaged") from error
    if "[Content_Types].xml" in names and "xl/workbook.xml" in names:
        return "xlsx"
    if "[Content_Types].xml" in names and "word/document.xml" in names:
        return "docx"
    return "archive"


def _text(upload):
    upload.seek(0)
    return "text" if decode_text(upload.read()) is not None else "unknown"


def decode_text(raw):
    """Text of a CSV or TXT file (UTF-8, UTF-16 with mark, or GB18030 as Chinese Excel writes it); None when it is no text."""
    encodings = ("utf-16",) if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if any(ord(sign) < 32 and sign not in "\t\r\n\f" for sign in text) else text
    return None
