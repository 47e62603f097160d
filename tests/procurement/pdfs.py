"""The words of a PDF, without the breaks between lines."""

import io

from pypdf import PdfReader


def words_of(content):
    """All text of a PDF in one string without blanks and line breaks."""
    assert content[:4] == b"%PDF"
    return "".join("".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(content)).pages)
