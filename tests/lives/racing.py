"""Two waiting processes that take the same verb of the same subject at the same moment, again and again.

`python -c "…; racing.serve()"` reads one task per line: what to take, as whom, and the instant to start.
"""

import base64
import json
import pickle
import subprocess
import sys
import time

from tests.processes import ROOT

CHILD = "import django; django.setup(); from tests.lives import racing; racing.serve()"
HEAD_START = 0.15  # seconds for both to have read their task


def say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def serve():
    """The child: take what is asked for at the instant named, say how it ended."""
    from django.core.exceptions import PermissionDenied
    from django.db import connection

    from kernel import clock
    from kernel.lifecycle import Refusal
    from tests.lives import scenarios
    from tests.lives.harness import function_of

    assert scenarios.load_lives
    say("ready")
    for line in sys.stdin:
        noun, key, subject, actor, kwargs, moment, start = pickle.loads(base64.b64decode(line))  # noqa: S301 - our own parent wrote it
        clock.set_to(moment)
        function = function_of(noun, key)
        while time.monotonic() < start:
            time.sleep(0.001)
        try:
            function(subject, actor=actor, **kwargs)
            answer = {"won": True}
        except (Refusal, PermissionDenied) as refusal:
            answer = {"won": False, "code": getattr(refusal, "code", "403"), "sentence": str(refusal)}
        except Exception as error:  # noqa: BLE001 - the parent reports it
            answer = {"won": False, "code": "error", "sentence": repr(error)}
        connection.close()
        say(json.dumps(answer))


class Racers:
    """Two such processes."""

    def __init__(self, env):
        self.children = [
            subprocess.Popen([sys.executable, "-c", CHILD], cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) for _count in range(2)
        ]
        for child in self.children:
            assert child.stdout.readline().strip() == "ready"

    def run(self, noun, key, subject, actor, kwargs, moment):
        """Both take the verb, as one person or (a pair) each as another; returns their answers."""
        start = time.monotonic() + HEAD_START
        for child, who in zip(self.children, actor if isinstance(actor, tuple) else (actor, actor), strict=True):
            line = base64.b64encode(pickle.dumps((noun, key, subject, who, kwargs, moment, start))).decode() + "\n"
            child.stdin.write(line)
            child.stdin.flush()
        return [json.loads(child.stdout.readline()) for child in self.children]

    def stop(self):
        for child in self.children:
            child.kill()
            child.wait()
