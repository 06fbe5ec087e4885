"""Runs of bytes as the records of a PutRecordBatch: base64 and the JSON around it, by the kernel where it runs.

The kernel and its plain-Python twin, `records_of`, give the same bytes: `{"Data":"…"}` of each run, with commas between.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ingestd.fastpath.buffers import Buffers
from ingestd.fastpath.parser import unavailable

__all__ = ["RecordEncoder", "compiled_body", "records_of"]

AROUND_BYTES = len(b'{"Data":""},')

Bytes = bytes | memoryview
Places = NDArray[np.int64]
Take = Callable[[int], NDArray[np.uint8]]


class RecordEncoder:
    """Writes request bodies, into buffers that go round; any thread may call it."""

    def __init__(self) -> None:
        self._buffers = Buffers()

    def body(self, head: bytes, data: Bytes, begins: Places, ends: Places, tail: bytes) -> Bytes:
        """`head`, the record of each data[begins[i]:ends[i]] (one at least), `tail`."""
        if unavailable() is None:
            return compiled_body(head, data, begins, ends, tail, self._buffers.take)
        return head + records_of(data, begins, ends) + tail


def compiled_body(head: bytes, data: Bytes, begins: Places, ends: Places, tail: bytes, take: Take) -> memoryview:
    """The same by the kernel, into room that `take` gives for a number of bytes."""
    from ingestd.fastpath.kernel.records import encode_records

    source = np.frombuffer(data, np.uint8)
    source.flags.writeable = False  # as bytes are: one type, compiled once
    size = len(begins) * AROUND_BYTES + int(4 * (-(-(ends - begins) // 3)).sum())
    target = take(len(head) + size + len(tail))
    view = target.data
    view[: len(head)] = head
    end = encode_records(source, begins, ends, target, len(head)) - 1  # the last record's comma gives way
    view[end : end + len(tail)] = tail
    return view[: end + len(tail)]


def records_of(data: Bytes, begins: Places, ends: Places) -> bytes:
    """The same in plain Python, for where the kernel does not run."""
    view = memoryview(data)
    runs = zip(begins.tolist(), ends.tolist(), strict=True)
    return b",".join([b'{"Data":"%b"}' % b64encode(view[begin:end]) for begin, end in runs])
