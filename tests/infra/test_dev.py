"""`dev.py`: what it starts, it stops; what it reads, it reads rightly."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.processes import ROOT, wait_for
from tooling import environment, servers

STARTER = """
import sys
from tooling.processes import Children
children = Children(sys.argv[1])
sleep = [sys.executable, "-c", "import os, subprocess, sys, time; p = subprocess.Popen(['sleep', '600']); open(sys.argv[1], 'a').write(f'{os.getpid()} {p.pid} '); time.sleep(600)", sys.argv[2]]
children.start("one", sleep, None)
children.start("two", [sys.executable, "-c", "import time; print('hello from two', flush=True); time.sleep(float(%r))" % sys.argv[3]], None)
try:
    sys.exit(children.watch())
finally:
    children.stop(seconds=5)
"""


def alive(pid):
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


@pytest.fixture
def starter(tmp_path):
    started = []

    def start(second_lives):
        pids = tmp_path / "pids"
        command = [sys.executable, "-c", STARTER, str(tmp_path / "log"), str(pids), str(second_lives)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        started.append(process)
        wait_for(lambda: pids.exists() and len(pids.read_text().split()) == 2, what="children")
        return process, [int(pid) for pid in pids.read_text().split()]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_children_and_grandchildren(starter, number):
    process, pids = starter(600)
    process.send_signal(number)
    assert process.wait(20) == 0
    wait_for(lambda: not any(map(alive, pids)), what="all to be gone")


def test_a_child_that_dies_takes_all_with_it_and_is_named(starter, tmp_path):
    process, pids = starter(1)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 1 and "two ended by itself" in output
    wait_for(lambda: not any(map(alive, pids)), what="all to be gone")
    assert "hello from two" in (tmp_path / "log" / "two.log").read_text()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prctl is Linux's")
def test_children_of_a_killed_starter_end_too(starter):
    process, pids = starter(600)
    process.kill()
    process.wait()
    wait_for(lambda: not alive(pids[0]), what="the child to be gone")
    if alive(pids[1]):
        os.kill(pids[1], signal.SIGKILL)


def test_dotenv_stands_below_the_environment(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("# a comment\nPORT=9001\nexport SITE_URL='https://a.example'\nLOG_LEVEL=\"DEBUG\"\n\nnonsense\n")
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setenv("LOG_LEVEL", "ERROR")
    monkeypatch.delenv("PORT", raising=False)
    monkeypatch.delenv("SITE_URL", raising=False)
    found = environment.dotenv()
    assert (found["PORT"], found["SITE_URL"], found["LOG_LEVEL"]) == ("9001", "https://a.example", "ERROR")


def test_two_runs_on_one_folder_are_refused(queue, settings):
    if queue.process is None:
        pytest.skip("the queue is a server of its own")
    with pytest.raises(environment.Unready, match="another `dev.py run`"):
        servers.embedded_queue(settings.VAR)


def test_a_long_folder_gets_a_short_socket(tmp_path):
    _command, url = servers.embedded_queue(tmp_path / ("long" * 40))
    assert len(url.removeprefix("redis+socket://")) < 100


def test_assets_are_current_or_named(monkeypatch, tmp_path):
    (tmp_path / "package-lock.json").write_text(
        '{"packages": {"": {}, "node_modules/a": {"version": "1.0.0"}, "node_modules/b": {"version": "2.0.0"}, "node_modules/t": {"version": "3", "dev": true}}}'
    )
    (tmp_path / "node_modules" / "a").mkdir(parents=True)
    (tmp_path / "node_modules" / ".package-lock.json").write_text(
        '{"packages": {"node_modules/a": {"version": "1.0.0"}, "node_modules/b": {"version": "1.9.0"}}}'
    )
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    assert environment._missing_assets(with_dev=False) == ["node_modules/b"]
    assert environment._missing_assets(with_dev=True) == ["node_modules/b", "node_modules/t"]


def test_a_taken_port_is_said_before_anything_starts():
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        begun = time.monotonic()
        env = {**os.environ, "PORT": str(port), "DIANDAN_MODE": "demo"}
        done = subprocess.run([sys.executable, "dev.py", "run"], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 1 and f"port {port}" in done.stderr and f"PORT={port + 1}" in done.stderr
    assert time.monotonic() - begun < 10


def test_dev_without_command_prints_help():
    done = subprocess.run([sys.executable, "dev.py"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "dev.py run" in done.stdout


def test_dev_needs_the_standard_library_only():
    """It runs before anything is installed: isolated from site-packages it must still import."""
    code = "import sys; sys.path.insert(0, '.'); import dev, tooling.processes, tooling.servers"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
