"""The web server as usual, except that a verb hangs right after its trail row while the file named by STALL exists: for tests that kill it there."""

import os
import time

from config.wsgi import application
from kernel import trail

assert application
_record = trail.record


def record_and_hang(*args, **kwargs):
    row = _record(*args, **kwargs)
    stall = os.environ["STALL"]
    if os.path.exists(stall):
        open(f"{stall}.reached", "w").close()
        while os.path.exists(stall):
            time.sleep(0.05)
    return row


trail.record = record_and_hang
