"""Documents into records, and verdicts on records back into verdicts on documents."""

from __future__ import annotations

from typing import Literal

import pytest

from ingestd.model import Batch, Refusal, Verdict
from ingestd.sinks.packs import RECORD_BYTES_MAX, Packs, packed
from tests.fakes.documents import Row, batch_of

Shape = Literal["document", "lines"]
HALF = RECORD_BYTES_MAX // 2


def batch(*sizes: int) -> Batch:
    """Documents of these sizes, newline included, of two objects."""
    rows: list[Row] = [("", "", b"%c" % (97 + n) * (size - 1)) for n, size in enumerate(sizes)]
    return batch_of(rows, action=False)


def records(packs: Packs) -> list[bytes]:
    return [bytes(packs.data[begin:end]) for begin, end in zip(packs.begins, packs.ends, strict=True)]


@pytest.mark.parametrize(
    ("shape", "sizes", "runs", "refused"),
    [
        ("document", (5, 6, 7), [(0, 1), (1, 2), (2, 3)], ()),
        ("lines", (5, 6, 7), [(0, 3)], ()),
        ("lines", (HALF, HALF, 1), [(0, 2), (2, 3)], ()),
        ("lines", (HALF, HALF + 1, 1), [(0, 1), (1, 3)], ()),
        ("document", (5, RECORD_BYTES_MAX + 1, 7), [(0, 1), (2, 3)], (1,)),
        ("lines", (5, RECORD_BYTES_MAX + 1, 7, 8), [(0, 1), (2, 4)], (1,)),
        ("lines", (RECORD_BYTES_MAX + 1, RECORD_BYTES_MAX), [(1, 2)], (0,)),
        ("lines", (RECORD_BYTES_MAX + 1, RECORD_BYTES_MAX + 1), [], (0, 1)),
        ("document", (), [], ()),
        ("lines", (), [], ()),
    ],
)
def test_records_are_whole_documents_up_to_the_limit(
    shape: Shape, sizes: tuple[int, ...], runs: list[tuple[int, int]], refused: tuple[int, ...]
) -> None:
    """A record takes documents in order as long as they fit to the byte; one that never fits is in none."""
    packs = packed(batch(*sizes), shape)
    assert list(zip(packs.firsts.tolist(), packs.lasts.tolist(), strict=True)) == runs
    assert [refusal.item for refusal in packs.refused] == list(refused)
    documents = [bytes(part.documents.body(index)) + b"\n" for part, index in batch(*sizes).items()]
    assert records(packs) == [b"".join(documents[first:last]) for first, last in runs]


def test_a_run_from_the_middle_is_packed_alone() -> None:
    """A batch of one part, that is a run of its documents, gives only these."""
    whole = batch(3, 4, 5, 6)
    packs = packed(Batch((whole.parts[1],)), "lines")
    assert records(packs) == [b"ccccc"[:4] + b"\n" + b"ddddd\n"]


def test_a_record_that_failed_is_all_its_documents() -> None:
    """With packs, what is sent again is every document of the failed records, and no other."""
    packs = packed(batch(HALF, HALF, RECORD_BYTES_MAX + 1, 7, 8, HALF, HALF), "lines")
    assert len(packs) == 3
    verdict = packs.of_records(Verdict(3, retry=(1,), throttled=True, reason="throttled"))
    assert verdict == Verdict(7, retry=(3, 4, 5), refused=(Refusal(2, "record_too_large"),), throttled=True, reason="throttled")


def test_a_call_that_failed_is_every_document_that_was_sent() -> None:
    """A verdict on the documents of a call passes over those that were refused unsent."""
    packs = packed(batch(5, RECORD_BYTES_MAX + 1, 7), "lines")
    verdict = packs.of_documents(Verdict.nothing_settled(packs.documents, "too_large", split=True))
    assert verdict == Verdict(3, retry=(0, 2), refused=(Refusal(1, "record_too_large"),), split=True, reason="too_large")


def test_all_well_is_all_well() -> None:
    """Records that were all taken settle the whole batch."""
    assert packed(batch(5, 6, 7), "lines").of_records(Verdict(1)) == Verdict(3)
