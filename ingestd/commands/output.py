"""Standard output for bytes.

A reader that has enough and goes away (`| head`) is no error: the command ends there, quietly, with exit status 0.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

__all__ = ["standard_output"]


@contextmanager
def standard_output() -> Iterator[BinaryIO]:
    """Standard output, flushed at the end."""
    out = sys.stdout.buffer
    try:
        yield out
        out.flush()
    except BrokenPipeError:
        # What is still in the buffer would raise again when the interpreter flushes it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
