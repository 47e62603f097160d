"""An announcement as PDF and Word, from the very text that was published."""

from django.utils.safestring import mark_safe

from kernel import word
from kernel.blocks import blocks_of
from kernel.pdf import render_pdf


def announcement_pdf(row):
    """PDF bytes. Raises Refusal when this machine makes none."""
    return render_pdf("documents/announcement.html", {"row": row, "body": mark_safe(row.body)})  # noqa: S308 - our own autoescaped templates made it


def announcement_docx(row):
    """Word bytes: the same blocks, to be edited further."""
    return word.to_word(row.title, blocks_of(row.body), subtitle=f"公告编号：{row.number}")
