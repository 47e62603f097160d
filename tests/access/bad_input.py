"""What people and robots send instead of an answer, and how it is put into a page's own form."""

import io
import zipfile

from django.core.files.uploadedfile import SimpleUploadedFile

NUL, LONG = "甲\x00乙", "长" * 120_000
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
WRITTEN, NUMBERS, DATES, CHOICES, FILES = ("text", "textarea", "password", "search", "tel", "url", "email"), ("number",), ("date", "datetime-local", "time"), ("select", "multiple", "radio"), ("file",)


def broken_xlsx():
    """A zip that calls itself a workbook and holds none."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook")
    return out.getvalue()


def upload(name, content):
    return SimpleUploadedFile(name, content, "application/octet-stream")


# what is sent: the kinds of field it goes into, the value for a field
CASES = {
    "nul": (WRITTEN, lambda field: NUL),
    "long": (WRITTEN, lambda field: LONG),
    "negative": (NUMBERS, lambda field: "-1"),
    "absurd": (NUMBERS, lambda field: "1e30"),
    "nan": (NUMBERS, lambda field: "NaN"),
    "infinite": (NUMBERS, lambda field: "-Infinity"),
    "fraction": (NUMBERS, lambda field: "0.001"),
    "no-such-day": (DATES, lambda field: "2026-02-30" if field.kind == "date" else "2026-02-30T25:61"),
    "first-year": (DATES, lambda field: "0001-01-01" if field.kind == "date" else "0001-01-01T00:00"),
    "far-year": (DATES, lambda field: "9999-12-31" if field.kind == "date" else "9999-12-31T23:59"),
    "no-such-choice": (CHOICES, lambda field: "999999999"),
    "letters-for-choice": (CHOICES, lambda field: "x\x00'; --"),
    "exe-as-pdf": (FILES, lambda field: upload("扫描件.pdf", b"MZ\x90\x00" + b"\x00" * 300)),
    "broken-workbook": (FILES, lambda field: upload("表格.xlsx", broken_xlsx())),
    "empty-file": (FILES, lambda field: upload("空.pdf", b"")),
    "script-as-picture": (FILES, lambda field: upload("照片.jpg", b"<script>alert(1)</script>" * 20)),
}


def plausible(field, now):
    """What an honest person would leave or write there, so that only the bad part can be refused."""
    if field.value and field.kind not in ("checkbox", "radio", "file"):
        return field.value
    if field.kind in CHOICES:
        return next((value for value in field.options if value), "")
    if field.kind in DATES:
        return f"{now:%Y-%m-%d}" if field.kind == "date" else f"{now:%Y-%m-%dT%H:%M}"
    if field.kind == "number":
        return "1"
    if field.kind in ("checkbox", "radio"):
        return field.attributes.get("value") or "on"
    return "甲乙丙丁" if field.kind in WRITTEN else ""


def filled(form, case, now):
    """(data, the bad fields' names): the form's own fields with the case's value wherever its kind fits."""
    kinds, value = CASES[case]
    data, bad = {}, []
    for field in form["fields"]:
        if field.name.endswith("-DELETE") or "__prefix__" in field.name:  # a row to take out, and the pattern of a new one
            continue
        if field.kind == "hidden":
            data[field.name] = field.value
        elif field.kind in kinds:
            data[field.name] = value(field)
            bad.append(field.name)
        elif field.kind != "file":
            data[field.name] = plausible(field, now)
    return data, bad
