"""numba still does what the options in `jit.py` ask for."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import pytest

from ingestd.fastpath.kernel import jit

compiled = pytest.mark.skipif(jit.CHECKED, reason="nothing is compiled, or compiled otherwise, under the checking modes")


def loop(a: Any) -> int:
    total = 0
    for i in range(len(a)):
        total += a[i]
    return total


@compiled
def test_reference_counting_stays_out() -> None:
    """`_nrt=False` is an underscored option: without it the factor of two goes, so a numba that drops it must be noticed."""
    assert jit.OPTIONS["_nrt"] is False
    function: Any = jit.alone(loop)
    function(np.zeros(4, np.uint8))
    (assembly,) = function.inspect_llvm().values()
    assert "NRT_incref" not in assembly
    with pytest.raises(numba.TypingError, match="NRT required"):
        jit.alone(lambda n: np.zeros(n))(3)


@compiled
def test_only_the_entry_is_cached() -> None:
    """What Python calls is cached on disk; what is compiled into it is not, and so never goes stale there."""
    entry: Any = jit.entry(loop)
    assert type(entry._cache).__name__ == "FunctionCache"
    assert type(jit.inlined(loop)._cache).__name__ == "NullCache"  # type: ignore[attr-defined]  # numba's dispatcher
