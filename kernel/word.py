"""Word documents from blocks: Chinese type, A4, tables with borders, headings Word can list. What a table cell or paragraph says is text, never code."""

import io

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

BODY, HEADING = "宋体", "黑体"
SIZES = {"h1": 18, "h2": 14, "h3": 12}
CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def _typeface(style, name, size):
    style.font.name, style.font.size, style.font.color.rgb = "Times New Roman", Pt(size), RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for script in ("w:eastAsia", "w:cs"):
        fonts.set(qn(script), name)
    for theme in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
        fonts.attrib.pop(qn(theme), None)


def _printable(text):
    """XML takes no control characters; Word breaks a line at a line feed."""
    return "".join(sign for sign in str(text) if sign in "\n\t" or ord(sign) >= 32 and not 0xD800 <= ord(sign) <= 0xDFFF and ord(sign) not in (0xFFFE, 0xFFFF))


def to_word(title, blocks, *, subtitle=""):
    """The .docx bytes of a title and its blocks (kernel.blocks.Block)."""
    paper = Document()
    section = paper.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(26)
    section.top_margin = section.bottom_margin = Mm(25)
    _typeface(paper.styles["Normal"], BODY, 10.5)
    for level, size in enumerate(SIZES.values(), 1):
        _typeface(paper.styles[f"Heading {level}"], HEADING, size)
    paper.core_properties.title, paper.core_properties.author, paper.core_properties.language = _printable(title)[:255], "", "zh-CN"
    paper.add_heading(_printable(title), 1).alignment = WD_ALIGN_PARAGRAPH.CENTER
    if subtitle:
        paper.add_paragraph(_printable(subtitle)).alignment = WD_ALIGN_PARAGRAPH.CENTER
    for block in blocks:
        if block.kind == "table":
            _table(paper, block.rows)
        elif block.kind in SIZES:
            paper.add_heading(_printable(block.text), int(block.kind[1]))
        elif block.kind == "li":
            paper.add_paragraph(_printable(block.text), style="List Bullet")
        else:
            paper.add_paragraph(_printable(block.text)).paragraph_format.first_line_indent = Pt(21)
    out = io.BytesIO()
    paper.save(out)
    return out.getvalue()


def _table(paper, rows):
    width = max((len(cells) for _head, cells in rows), default=0)
    if not width:
        return
    table = paper.add_table(rows=0, cols=width, style="Table Grid")
    for head, cells in rows:
        row = table.add_row().cells
        for place, text in enumerate(cells):
            paragraph = row[place].paragraphs[0]
            paragraph.add_run(_printable(text)).bold = head or None
        if len(cells) < width:
            row[len(cells) - 1].merge(row[width - 1])
    paper.add_paragraph()
