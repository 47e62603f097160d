"""Scans and photos for the demo: real files, plainly marked as samples."""

import io

import segno
from PIL import Image, ImageDraw
from pypdf import PdfWriter


def scan(name):
    """A one-page PDF standing for a signed and stamped paper."""
    writer, out = PdfWriter(), io.BytesIO()
    writer.add_blank_page(width=595, height=842)
    writer.add_metadata({"/Title": f"示例扫描件 {name}"})
    writer.write(out)
    return (f"{name}（示例扫描件）.pdf", out.getvalue())


def photo(name, number=0):
    """A small JPEG standing for a photo of an activity."""
    image = Image.new("RGB", (640, 420), [(214, 234, 222), (232, 224, 206), (212, 224, 240)][number % 3])
    draw = ImageDraw.Draw(image)
    for place in range(9):
        left = 40 + place * 64 + (number * 17) % 23
        draw.ellipse((left, 190, left + 34, 224), fill=(190 - place * 9, 120, 90 + place * 12))
        draw.rectangle((left - 6, 226, left + 40, 330), fill=(70 + place * 12, 110, 150 - number * 9 % 60))
    code, out = io.BytesIO(), io.BytesIO()
    segno.make(f"{name}-{number}").save(code, kind="png", scale=3)
    image.paste(Image.open(code).convert("RGB"), (530, 20))
    image.save(out, "JPEG", quality=82)
    return (f"{name}-{number + 1}.jpg", out.getvalue())
