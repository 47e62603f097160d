"""Where a run's processor time goes, file by file: `python3 dev.py test -p tests.cpu`. Seconds of this process, of the processes it waited
for, and of the database's server process; they say the same however busy the machine is, which seconds on the wall do not."""

import os
import resource
from collections import defaultdict
from pathlib import Path

import pytest

TICK = os.sysconf("SC_CLK_TCK")
PHASES = ("setup", "call", "teardown")
spent = defaultdict(lambda: dict.fromkeys((*PHASES, "children", "server", "items"), 0.0))


def _server():
    """Processor seconds of the server process behind the current connection (0 where there is none to ask)."""
    from django.db import connection

    pid = getattr(getattr(connection.connection, "info", None), "backend_pid", None)
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return pid, 0.0
    return pid, (int(fields[11]) + int(fields[12])) / TICK


def _used(who):
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def _phase(item, name):
    row = spent[item.location[0]]
    own, children, (pid, server) = _used(resource.RUSAGE_SELF), _used(resource.RUSAGE_CHILDREN), _server()
    yield
    row[name] += _used(resource.RUSAGE_SELF) - own
    row["children"] += _used(resource.RUSAGE_CHILDREN) - children
    now, after = _server()
    row["server"] += after - (server if now == pid else 0.0)


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_setup(item):
    spent[item.location[0]]["items"] += 1
    yield from _phase(item, "setup")


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_call(item):
    yield from _phase(item, "call")


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_teardown(item):
    yield from _phase(item, "teardown")


def pytest_terminal_summary(terminalreporter):
    def total(row):
        return sum(value for name, value in row.items() if name != "items")

    terminalreporter.section("processor seconds by file")
    rows = sorted(spent.items(), key=lambda pair: -total(pair[1]))
    whole = {name: sum(row[name] for _file, row in rows) for name in next(iter(spent.values()), {})}
    terminalreporter.write_line(f"{'items':>6}{'total':>9}{'setup':>9}{'call':>9}{'teardown':>9}{'children':>9}{'server':>9}")
    for name, row in [("all", whole), *rows] if rows else []:
        parts = "".join(f"{row[part]:9.1f}" for part in (*PHASES, "children", "server"))
        terminalreporter.write_line(f"{row['items']:6.0f}{total(row):9.1f}{parts}  {name}")
    terminalreporter.write_line(f"this process from its start: {_used(resource.RUSAGE_SELF):.1f}, its children: {_used(resource.RUSAGE_CHILDREN):.1f}")
