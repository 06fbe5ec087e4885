"""Documents built by hand, for tests of what carries them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ingestd.model import Documents, Reject


def built(bodies: Sequence[bytes], *, action: bytes = b"", rejects: tuple[Reject, ...] = ()) -> Documents:
    """Each body with `action` before it and a newline behind it; offsets are 0, 100, 200, …"""
    starts, firsts, data = [0], [], b""
    for body in bodies:
        firsts.append(len(data) + len(action))
        data += action + body + b"\n"
        starts.append(len(data))
    count = len(bodies)
    return Documents(
        data=data,
        starts=np.array(starts, np.int64),
        bodies=np.array(firsts, np.int64),
        offsets=np.arange(count, dtype=np.int64) * 100,
        rejects=rejects,
        lines=count + len(rejects),
    )
