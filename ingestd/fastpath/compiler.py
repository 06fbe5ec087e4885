"""The compiler once the kernel is there: nothing asks it anything any more, and memory that it holds goes back to the system.

* The kernel in LLVM's own form, which numba keeps to put it into other code: 9 MiB. There is no other code.
* What loading used for a while and malloc kept.
* 65 MiB of LLVM's library, code that loading ran through and what lay beside it. They are pages of a file as they stand there:
  the system may take them at any time, and does not as long as nothing else wants memory. If anything is compiled after all,
  they come back by themselves.
"""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["LIBRARY", "Mapping", "mappings", "release"]

LIBRARY = "libllvmlite"


@dataclass(slots=True)
class Mapping:
    """One range of this process's memory: where, of which file, and KiB that are in memory, or are its own and no file's."""

    begin: int
    end: int
    path: str
    resident_kib: int = 0
    own_kib: int = 0


def release(kernels: Iterable[Any]) -> None:
    """Give back what is held for these and not needed to call them; whatever a system has not is left out."""
    for kernel in kernels:
        for code in getattr(kernel, "overloads", {}).values():  # a plain function under NUMBA_DISABLE_JIT has none
            if getattr(code.library, "_shared_module", None) is not None:
                code.library._shared_module = None  # numba has no other way; a test notices when it gets another name
    with suppress(AttributeError, OSError, TypeError):  # another C library than glibc, another system than Linux
        libc = ctypes.CDLL(None)
        libc.malloc_trim(0)
        for each in mappings():
            if LIBRARY in each.path and not each.own_kib:
                libc.madvise(ctypes.c_void_p(each.begin), ctypes.c_size_t(each.end - each.begin), mmap.MADV_DONTNEED)


def mappings() -> Iterator[Mapping]:
    """This process's memory as Linux tells of it (proc(5), `/proc/pid/smaps`). Raises OSError elsewhere."""
    found: Mapping | None = None
    for line in Path("/proc/self/smaps").read_text().splitlines():
        name, _, rest = line.partition(" ")
        if not name.endswith(":"):
            if found is not None:
                yield found
            begin, end = (int(place, 16) for place in name.split("-"))
            found = Mapping(begin, end, "".join(rest.split(maxsplit=4)[4:]))
        elif found is not None and name == "Rss:":
            found.resident_kib = int(rest.split()[0])
        elif found is not None and name == "Anonymous:":
            found.own_kib = int(rest.split()[0])
    if found is not None:
        yield found
