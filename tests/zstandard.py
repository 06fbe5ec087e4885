"""zstd as this Python has it: its own from 3.14 on, the backport of that before."""

import sys

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["zstd"]
