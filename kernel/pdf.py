"""Paper: an HTML template becomes a PDF with Chinese type, page numbers and A4 margins. WeasyPrint is loaded when it is first needed."""

import atexit
import gc
import threading

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from kernel.lifecycle import Refusal

WEIGHTS = {400: "400Regular/NotoSansSC_400Regular.ttf", 700: "700Bold/NotoSansSC_700Bold.ttf"}
PAGE = """
@page { size: A4; margin: 22mm 18mm 20mm 18mm;
  @bottom-center { content: "第 " counter(page) " 页 / 共 " counter(pages) " 页"; font: 9pt "Noto Sans SC"; color: #444; } }
@page landscape { size: A4 landscape; }
html { font: 10.5pt/1.6 "Noto Sans SC"; color: #111; }
h1 { font-size: 16pt; text-align: center; margin: 0 0 6mm; } h2 { font-size: 12pt; margin: 6mm 0 2mm; }
table { width: 100%; border-collapse: collapse; font-size: 9.5pt; } thead { display: table-header-group; } tfoot { display: table-row-group; } tr { break-inside: avoid; }
th, td { border: 0.4pt solid #555; padding: 1.2mm 1.8mm; text-align: left; vertical-align: top; } th { background: #f0f0f0; font-weight: 700; }
.num { text-align: right; white-space: nowrap; } .nowrap { white-space: nowrap; } .center { text-align: center; } .small { font-size: 8.5pt; color: #333; }
.facts th { width: 26mm; } .whole { break-inside: avoid; } .sign { margin-top: 12mm; break-before: avoid; break-inside: avoid; } .sign td { border: 0; padding-top: 6mm; } .sign td:first-child:empty { width: 50%; } .page-break { break-before: page; }
"""
_lock = threading.Lock()
_fonts = None


def _configuration():
    """The fonts, read once per process: static TTF, because subsetting other formats costs several times as much."""
    global _fonts
    with _lock:
        if _fonts is None:
            from weasyprint import CSS
            from weasyprint.text.fonts import FontConfiguration

            configuration = FontConfiguration()
            faces = [
                f'@font-face {{ font-family: "Noto Sans SC"; font-weight: {weight}; src: url("{(settings.FONT_DIR / path).as_uri()}"); }}'
                for weight, path in WEIGHTS.items()
                if (settings.FONT_DIR / path).exists()
            ]
            _fonts = (CSS(string="\n".join(faces) + PAGE, font_config=configuration), configuration)
            atexit.register(_forget)
    return _fonts


def _forget():
    """Let the fonts go while their library is still there."""
    global _fonts
    _fonts = None
    gc.collect()


def missing():
    """Why no PDF can be made on this machine, as a Refusal, or None."""
    try:
        import weasyprint  # noqa: F401
    except OSError:
        return Refusal(
            "pdf_libraries",
            _("This machine cannot make PDF files yet: the system library Pango is missing."),
            todo=_("Install libpango-1.0-0, libpangoft2-1.0-0 and libharfbuzz-subset0, then try again."),
        )
    if not (settings.FONT_DIR / WEIGHTS[400]).exists():
        return Refusal("pdf_fonts", _("This machine cannot make PDF files yet: the Chinese font is missing."), todo=_("Run the set-up again (python3 dev.py run)."))
    return None


def html_to_pdf(html):
    """PDF bytes of a whole HTML document. Raises Refusal naming the missing library or font."""
    if refusal := missing():
        raise refusal
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher

    css, configuration = _configuration()
    # Documents carry everything themselves: pictures as data, fonts from the style sheet. Nothing else is fetched.
    return HTML(string=html, base_url=str(settings.BASE_DIR), url_fetcher=URLFetcher(allowed_protocols={"data"})).write_pdf(stylesheets=[css], font_config=configuration)


def render_pdf(template, context):
    """PDF bytes of a template (under templates/documents/), in Chinese whatever the reader's language: it is an official paper.

    Up to about 100 table rows inside a request, more in a job. Raises Refusal.
    """
    with translation.override("zh-hans"):
        return html_to_pdf(render_to_string(template, context))
