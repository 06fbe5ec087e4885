"""How the kernel is compiled: the one place that knows numba's options.

* `nogil`: worker threads parse side by side.
* `_nrt=False`: no reference counting in the loop (a factor of two), and no allocation either. It is an underscored option of numba;
  `tests/fastpath/test_jit.py` notices when a version drops it.
* `error_model="numpy"`: no checks for division by zero; nothing here divides by what a line contains.
* `cache`: the machine code is kept in NUMBA_CACHE_DIR, or in `__pycache__` beside the module. numba watches only the file of the
  function that it caches, so `SOURCES` (a digest of all files that are compiled into it) is part of what the entry closes over.
* NUMBA_BOUNDSCHECK=1 and NUMBA_DISABLE_JIT=1 are for tests: `CHECKED` says that one of them is on, and the vector intrinsics then
  give way to their scalar twins, whose every byte is checked. Such code is never cached.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba

__all__ = ["CHECKED", "SOURCES", "entry", "inlined", "outlined"]

Function = TypeVar("Function", bound=Callable[..., Any])

CHECKED = bool(numba.config.DISABLE_JIT or numba.config.BOUNDSCHECK)
OPTIONS = {"nogil": True, "_nrt": False, "error_model": "numpy"}
INNER = OPTIONS | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}  # only compiled code calls it: a fifth less to compile


def entry(function: Function) -> Function:
    """Compile what Python calls; cached on disk, if there is a place for it."""
    try:
        return numba.njit(cache=not CHECKED, **OPTIONS)(function)  # type: ignore[no-any-return]  # numba has no types
    except RuntimeError:  # numba found no directory that it may write to
        return numba.njit(**OPTIONS)(function)  # type: ignore[no-any-return]


def inlined(function: Function) -> Function:
    """Compile a short function that is part of its caller's loop."""
    return numba.njit(forceinline=True, **INNER)(function)  # type: ignore[no-any-return]


def outlined(function: Function) -> Function:
    """Compile a function for what is rare, or too long to be copied to where it is called; LLVM judges."""
    return numba.njit(**INNER)(function)  # type: ignore[no-any-return]


def _digest() -> str:
    """Of the sources that are compiled together."""
    digest = hashlib.blake2b(numba.__version__.encode(), digest_size=8)
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


SOURCES = int(_digest(), 16)
