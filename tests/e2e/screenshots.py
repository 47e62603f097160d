"""Makes docs/screenshots from the demo: own folder, own database, own server; nothing of a running installation is touched.

    python3 dev.py screenshots
"""

import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from PIL import Image

from tests.browser import ARGUMENTS
from tooling.environment import chromium

ROOT = Path(__file__).resolve().parent.parent.parent
TARGET = ROOT / "docs" / "screenshots"
FONTS = ROOT / "node_modules" / "@expo-google-fonts" / "noto-sans-sc"
PASSWORD = "qingyuan-2026"
LARGEST = 300_000  # bytes of one picture
WORK = "import sys; from kernel import jobs; from kernel.models import Job; [jobs.work(job.pk) for job in Job.objects.filter(state='queued')]"


def keep(name, picture, box=None):
    """Store a PNG with few colours, small enough for a README."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    if box:
        image = image.crop((0, 0, image.width, min(image.height, box)))
    for colours in (128, 64, 32):
        out = io.BytesIO()
        image.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if out.tell() <= LARGEST:
            break
    TARGET.mkdir(parents=True, exist_ok=True)
    (TARGET / f"{name}.png").write_bytes(out.getvalue())
    sys.stdout.write(f"docs/screenshots/{name}.png {image.width}x{image.height} {out.tell() // 1000} kB\n")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(address):
    for _try in range(300):
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"{address} does not answer")


class Desk:
    """A browser with one tab per person."""

    def __init__(self, browser, address):
        self.browser, self.address = browser, address

    def tab(self, username="", **size):
        page = self.browser.new_context(base_url=self.address, locale="zh-CN", viewport={"width": 1280, "height": 860}, **size).new_page()
        if username:
            page.goto("/accounts/login/")
            page.fill("[name=login]", username)
            page.fill("[name=password]", PASSWORD)
            with page.expect_navigation():
                page.click("main button[type=submit]")
        return page

    def take(self, env, var):
        page = self.tab("handler")
        page.goto("/desk/")
        keep("desk", page.screenshot())
        page.goto("/projects/?q=柳荫社区残疾人")
        page.click("main td a")
        keep("project", page.screenshot(full_page=True), box=1500)
        page.goto("/tenders/?q=和睦社区长者")
        page.click("main td a")
        keep("tender", page.screenshot(full_page=True), box=1300)
        page = self.tab()
        page.goto("/")
        page.click("main a:has-text('柳荫社区')")
        keep("community", page.screenshot(full_page=True), box=1300)
        self.take_phone()
        self.take_report(env, var)

    def take_phone(self):
        page = self.tab("community")
        page.set_viewport_size({"width": 390, "height": 1000})
        page.goto("/activities/?status=reported")
        number = page.get_attribute("main td a", "href").strip("/").rpartition("/")[2]
        page.goto(f"/activities/{number}/confirm/")
        page.wait_for_function("[...document.images].every(image => image.complete && image.naturalWidth)")
        keep("phone_confirm", page.screenshot(full_page=True), box=1000)

    def take_report(self, env, var):
        page = self.tab("finance")
        page.goto("/reports/new/")
        with page.expect_navigation():
            page.click("main form.dd-form button[type=submit]")
        subprocess.run([sys.executable, "manage.py", "shell", "-v0", "-c", WORK], cwd=ROOT, env=env, check=True)
        page.reload()
        picture = page.screenshot()
        if shutil.which("pdftoppm"):
            with page.expect_download() as coming:
                page.click("main a:has-text('.pdf')")
            paper = var / "report"
            subprocess.run(["pdftoppm", "-png", "-singlefile", "-r", "110", coming.value.path(), paper], check=True)
            picture = paper.with_suffix(".png").read_bytes()
        keep("report", picture)


def main():
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(prefix="diandan-shots-") as folder:
        home, var, port = Path(folder) / "home", Path(folder) / "var", free_port()
        fonts = home / ".local" / "share" / "fonts"
        fonts.mkdir(parents=True)
        for font in FONTS.glob("[457]00*/*.ttf"):
            shutil.copy(font, fonts)
        mine = {"HOME": str(home), "DIANDAN_VAR": str(var), "DIANDAN_MODE": "demo", "PORT": str(port), "LANGUAGE": "zh_CN", "DATABASE_URL": "", "CELERY_BROKER_URL": ""}
        env = os.environ | mine
        subprocess.run([sys.executable, "manage.py", "prepare"], cwd=ROOT, env=env, check=True)
        server = subprocess.Popen([sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "config.wsgi:application"], cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(f"{address}/healthz")
            with sync_playwright() as play:
                browser = play.chromium.launch(executable_path=chromium(), args=[*ARGUMENTS, "--lang=zh-CN"], env=env)
                Desk(browser, address).take(env, var)
                browser.close()
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
