"""What is compiled: functions over arrays of numbers, fed by `plan.py`, driven by `compiled.py`. `block.py` has the loop.

They allocate nothing, raise nothing and know no Python object. The lines come from attackers and there are no bounds checks in
the finished code, so each function says what it reads and writes; NUMBA_BOUNDSCHECK=1 puts the checks in, and tests run so.
"""
