"""What the compiler holds once the kernel is loaded is given back, and neither the kernel nor the compiler misses it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from ingestd.fastpath.kernel import jit

LEFT_KIB_MAX = 16 << 10  # of LLVM's library: what the dynamic linker wrote to, and what was asked for since

SCRIPT = """
import json
import numba
from ingestd.fastpath.compiler import LIBRARY, mappings
from ingestd.fastpath.parser import unavailable
from ingestd.fastpath.warm import KERNELS, warm

why = unavailable()
left = sum(each.resident_kib for each in mappings() if LIBRARY in each.path)
held = [vars(code.library)["_shared_module"] is not None for kernel in KERNELS for code in kernel.overloads.values()]
warm()
print(json.dumps([why, left, len(held) - len(KERNELS), any(held), numba.njit(lambda number: number + 1)(1)]))
"""


@pytest.mark.skipif(jit.CHECKED or sys.platform != "linux", reason="nothing is compiled, or nothing tells of memory")
def test_what_the_compiler_holds_is_given_back() -> None:
    """LLVM's library and the kernels in its own form are out of memory; the kernel still reads, and more can be compiled."""
    said = subprocess.run([sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True).stdout
    why, left_kib, others, holds, two = json.loads(said)
    assert why is None
    assert left_kib <= LEFT_KIB_MAX
    assert not others
    assert not holds
    assert two == 2
