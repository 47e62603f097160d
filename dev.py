#!/usr/bin/env python3
"""Diandan from a clone, with nothing but Python 3.11 or newer.

python3 dev.py run                          make everything ready, start web, worker and clock, print address and accounts
python3 dev.py test [--postgres] [args]     the whole suite on SQLite, or on PostgreSQL and Redis; args go to pytest
python3 dev.py ready                        install what the tests need, run nothing
python3 dev.py lint                         ruff and the import contract
python3 dev.py bench [args]                 measured ratios (tests/bench)
python3 dev.py screenshots                  make docs/screenshots anew from a demo of their own
python3 dev.py messages                     compile translations and list what is missing
python3 dev.py check                        Django's checks and pending migrations
python3 dev.py servers                      start (as root: install) PostgreSQL and Redis on this machine
"""

import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from tooling import environment, servers
from tooling.environment import PYTHON, ROOT, Unready, child_environment, say
from tooling.processes import Children


def manage(*arguments, **env):
    """Run a management command; its output goes to the console. Raises Unready when it fails."""
    if subprocess.run([PYTHON, "manage.py", *arguments], cwd=ROOT, env=child_environment(**env)).returncode:
        raise Unready(f"`manage.py {' '.join(arguments)}` failed; see above")


def _port_is_free(host, port):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _answers(url):
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def run(arguments):
    """Start the product. Everything started here ends here."""
    env = child_environment(DIANDAN_CHILD="1")
    demo = env.get("DIANDAN_MODE", "demo") == "demo"
    port = int(env.get("PORT") or 8000)
    host = "127.0.0.1" if demo else env.get("BIND") or "127.0.0.1"
    if not _port_is_free(host, port):
        raise Unready(f"port {port} on {host} is taken: stop what listens there, or choose another, for example `PORT={port + 1} python3 dev.py run`")
    environment.prepare()
    var = Path(env.get("DIANDAN_VAR") or ROOT / "var").absolute()
    children = Children(var / "log")
    try:
        if not env.get("CELERY_BROKER_URL"):
            command, env["CELERY_BROKER_URL"] = servers.embedded_queue(var)
            if command:
                children.start("queue", command, env, quiet=True)
        say("migrating" + (", loading the demo if it is not there yet (a minute or two, once)" if demo else ""))
        preparing = subprocess.Popen([PYTHON, "manage.py", "prepare"], cwd=ROOT, env=env, start_new_session=True)
        while preparing.poll() is None:
            if children.stopping.wait(0.2):
                preparing.terminate()
                preparing.wait()
                return 0
        if preparing.returncode:
            raise Unready("`manage.py prepare` failed; see above")
        children.start("web", [PYTHON, "-m", "gunicorn", "-c", "gunicorn.conf.py", "config.wsgi:application"], env, quiet=True)
        children.start("worker", [PYTHON, "-m", "celery", "-A", "config", "worker", "--concurrency=2", "--loglevel=INFO", "--without-gossip"], env, quiet=True)
        children.start("beat", [PYTHON, "-m", "celery", "-A", "config", "beat", "--loglevel=INFO", "--pidfile="], env, quiet=True)
        if not children.wait_until(lambda: _answers(f"http://{host}:{port}/healthz"), 90):
            if children.stopping.is_set():
                return 0
            name = children.died() or "web"
            raise Unready(f"{name} did not start; its log ({children.folder / name}.log) ends:\n{children.tail(name)}")
        if demo:
            subprocess.run([PYTHON, "manage.py", "demo", "--accounts"], cwd=ROOT, env=env)
        print(f"\n  Diandan 点单: http://{host}:{port}/    logs: {children.folder}    stop: Ctrl-C\n", flush=True)
        return children.watch()
    finally:
        children.stop()


def ready(arguments):
    """Everything the tests need, installed and compiled; nothing is run."""
    environment.prepare("requirements-dev.lock", with_dev=True)
    environment.chromium()
    return 0


def test(arguments):
    """The whole suite. `--postgres` runs it on PostgreSQL and Redis."""
    on_postgres = "--postgres" in arguments
    arguments = [argument for argument in arguments if argument != "--postgres"]
    environment.prepare("requirements-dev.lock", with_dev=True)
    env = child_environment(DIANDAN_CHROMIUM=environment.chromium(), DATABASE_URL="", CELERY_BROKER_URL="")
    if on_postgres:
        env.update(DATABASE_URL=servers.find_postgres(), CELERY_BROKER_URL=servers.find_redis())
        say(f"on {env['DATABASE_URL'].rpartition('@')[2]} and {env['CELERY_BROKER_URL'].rpartition('@')[2]}")
    return subprocess.run([PYTHON, "-m", "pytest", "--durations=20", *arguments], cwd=ROOT, env=env).returncode


def lint(arguments):
    """Style, dates, and the line of imports."""
    environment.ensure_venv()
    environment.ensure_packages("requirements-dev.lock")
    env = child_environment()
    commands = ([PYTHON, "-m", "ruff", "check", "."], [PYTHON, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"])
    return max([subprocess.run(command, cwd=ROOT, env=env).returncode for command in commands])


def bench(arguments):
    environment.prepare("requirements-dev.lock", with_dev=True)
    return subprocess.run([PYTHON, "-m", "tests.bench", *arguments], cwd=ROOT, env=child_environment()).returncode


def screenshots(arguments):
    """The README's pictures, from a demo in a folder of its own."""
    environment.prepare("requirements-dev.lock", with_dev=True)
    return subprocess.run([PYTHON, "-m", "tests.e2e.screenshots"], cwd=ROOT, env=child_environment(DIANDAN_CHROMIUM=environment.chromium())).returncode


def messages(arguments):
    environment.prepare("requirements-dev.lock")
    environment.compile_messages("--missing")
    return 0


def check(arguments):
    environment.prepare()
    manage("check")
    manage("makemigrations", "--check", "--dry-run")
    return 0


def start_servers(arguments):
    environment.ensure_venv()
    environment.ensure_packages("requirements-dev.lock")
    servers.ensure_servers()
    return 0


COMMANDS = {"run": run, "ready": ready, "test": test, "lint": lint, "bench": bench, "screenshots": screenshots, "messages": messages, "check": check, "servers": start_servers}


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        print(__doc__)
        return 2
    os.chdir(ROOT)
    try:
        return COMMANDS[sys.argv[1]](sys.argv[2:])
    except Unready as reason:
        print(f"\n{reason}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        return error.returncode
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
