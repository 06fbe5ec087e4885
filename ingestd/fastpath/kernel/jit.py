"""How the kernel is compiled: the one place that knows numba's options.

* `nogil`: worker threads parse side by side.
* `_nrt=False`: no reference counting in the loop (a factor of two), and no allocation either. It is an underscored option of
  numba; `tests/fastpath/kernel/test_jit.py` notices when a version drops it.
* `error_model="numpy"`: no checks for division by zero; nothing here divides by what a line contains.
* `cache`: the machine code is kept in NUMBA_CACHE_DIR, or in `__pycache__` beside the module. numba watches only the file of
  the function that it caches, so the entry closes over `SOURCES`, a digest of all files that are compiled into it.
* NUMBA_BOUNDSCHECK=1 and NUMBA_DISABLE_JIT=1 are for tests: `CHECKED` says that one of them is on, and the vector intrinsics
  then give way to their scalar twins, whose every byte is checked. Such code is never cached.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
import orjson

__all__ = ["CHECKED", "OPTIONS", "SOURCES", "alone", "entry", "inlined", "outlined"]

Function = TypeVar("Function", bound=Callable[..., Any])

NUMBA: Any = numba  # its types differ from version to version, and say nothing here
CHECKED = bool(NUMBA.config.DISABLE_JIT or NUMBA.config.BOUNDSCHECK)
OPTIONS: dict[str, Any] = {"nogil": True, "_nrt": False, "error_model": "numpy"}
INNER = OPTIONS | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}  # only compiled code calls it: a fifth less to compile


def entry(function: Function) -> Function:
    """Compile what Python calls; cached on disk, if there is a place for it."""
    try:
        return _njit(function, cache=not CHECKED, **OPTIONS)
    except RuntimeError:  # numba found no directory that it may write to
        return alone(function)


def alone(function: Function) -> Function:
    """Compile a function that Python calls, and keep it nowhere: for tests of the small ones."""
    return _njit(function, **OPTIONS)


def inlined(function: Function) -> Function:
    """Compile a short function that is part of its caller's loop."""
    return _njit(function, forceinline=True, **INNER)


def outlined(function: Function) -> Function:
    """Compile a function for what is rare, or too long to be copied to where it is called; LLVM judges."""
    return _njit(function, **INNER)


def _njit(function: Function, **options: Any) -> Function:
    return NUMBA.njit(**options)(function)  # type: ignore[no-any-return]  # see NUMBA


def _digest() -> str:
    """Of the sources that are compiled together, and of what they take from libraries."""
    digest = hashlib.blake2b(f"{numba.__version__} {orjson.__version__}".encode(), digest_size=8)
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


SOURCES = int(_digest(), 16)
