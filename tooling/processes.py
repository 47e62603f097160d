"""Children that live and die together: logged, watched, stopped as whole process groups."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from tooling.environment import ROOT

PR_SET_PDEATHSIG = 1


def _die_with_parent():
    """On Linux the kernel itself ends a child whose starter was killed -9."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Children:
    """Processes started by one command. `watch()` returns the exit code: 0 after Ctrl-C or SIGTERM, 1 when a child died by itself."""

    def __init__(self, log_folder):
        self.folder, self.running, self.stopping = Path(log_folder), {}, threading.Event()
        self.folder.mkdir(parents=True, exist_ok=True)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.stopping.set())

    def start(self, name, command, env, quiet=False):
        """Start a child; its output goes to var/log/<name>.log and, unless quiet, to the console."""
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        self.running[name] = process
        threading.Thread(target=self._pump, args=(name, process, quiet), daemon=True).start()
        return process

    def _pump(self, name, process, quiet):
        path = self.folder / f"{name}.log"
        if path.exists() and path.stat().st_size > 10_000_000:
            path.replace(path.with_suffix(".log.1"))
        with path.open("a", encoding="utf-8") as log:
            for line in process.stdout:
                log.write(line)
                log.flush()
                if not quiet:
                    print(f"[{name}] {line}", end="", flush=True)

    def died(self):
        """Name of a child that ended by itself, or None."""
        return next((name for name, process in self.running.items() if process.poll() is not None), None)

    def tail(self, name, lines=8):
        path = self.folder / f"{name}.log"
        return "\n".join(path.read_text(encoding="utf-8").splitlines()[-lines:]) if path.exists() else ""

    def wait_until(self, ready, seconds):
        """Wait for ready(); False when a child died, somebody wants us to stop, or time is over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.died() and not self.stopping.is_set():
            if ready():
                return True
            self.stopping.wait(0.2)
        return False

    def watch(self):
        while not self.stopping.wait(0.5):
            if name := self.died():
                print(f"\n{name} ended by itself (exit {self.running[name].returncode}); stopping the rest. Its log: {self.folder / name}.log", flush=True)
                print(self.tail(name), flush=True)
                return 1
        return 0

    def stop(self, seconds=15):
        """TERM to each group, the last started first (so the queue outlives its users), KILL to what is left after `seconds`."""
        end = time.monotonic() + seconds
        for process in reversed(self.running.values()):
            self._signal(process, signal.SIGTERM)
            try:
                process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                pass
            self._signal(process, signal.SIGKILL)
            process.wait()

    @staticmethod
    def _signal(process, number):
        try:
            os.killpg(process.pid, number)
        except (ProcessLookupError, PermissionError):
            pass
