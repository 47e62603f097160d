"""Uploaded files by their content: temp → fsync → rename, so that a file is there whole or not at all."""

import os
import re
import tempfile
from pathlib import Path

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import FileSystemStorage

NAME = re.compile(r"[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{64}\Z")


def content_name(sha256):
    """Where a file of this digest lies, in a folder or in a bucket."""
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


class ContentStorage(FileSystemStorage):
    """A folder outside the web root. The same content saved twice is one file; there are no addresses to it."""

    def get_available_name(self, name, max_length=None):
        if not NAME.match(name):
            raise SuspiciousFileOperation(f"{name!r} is not named by its content")
        return name

    def _save(self, name, content):
        target = Path(self.path(name))
        if target.exists() and target.stat().st_size == content.size:
            return name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        incoming = Path(self.location) / "incoming"
        incoming.mkdir(exist_ok=True, mode=0o700)
        handle, temp = tempfile.mkstemp(dir=incoming)
        try:
            with os.fdopen(handle, "wb") as file:
                for piece in content.chunks():
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temp, target)
        except BaseException:
            Path(temp).unlink(missing_ok=True)
            raise
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return name

    def url(self, name):
        raise NotImplementedError("files are served through kernel.views.files only")
