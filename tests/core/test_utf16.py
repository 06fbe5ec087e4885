"""UTF-16 becomes UTF-8, however it comes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.core.utf16 import MARKS, Utf16


def recoded(pieces: list[bytes]) -> bytes:
    text = Utf16()
    return b"".join(text.read(piece) for piece in pieces) + text.read(b"", is_last=True)


@given(st.text(), st.sampled_from([("utf-16-le", MARKS[0]), ("utf-16-be", MARKS[1])]), st.integers(1, 5))
def test_any_text_in_any_pieces(text: str, order: tuple[str, bytes], size: int) -> None:
    """Both byte orders, cut anywhere."""
    encoding, mark = order
    packed = mark + text.encode(encoding)
    assert recoded([packed[at : at + size] for at in range(0, len(packed), size)]) == text.encode()


@pytest.mark.parametrize(
    ("packed", "text"),
    [
        (b"", ""),
        (b"\xff\xfe", ""),
        (b"\xff\xfea", "\ufffd"),
        (b"\xff\xfea\x00\x3d", "a\ufffd"),
        (b"\xff\xfe\x3d\xd8", "\ufffd"),
        (b"\xff\xfe\x3d\xd8a\x00", "\ufffda"),
        (b"\xfe\xff\xdc\x00\x00a", "\ufffda"),
        (b"\xff\xfe\xff\xfea\x00", "\ufeffa"),
    ],
)
def test_what_is_no_character(packed: bytes, text: str) -> None:
    """It is U+FFFD; a second mark stays."""
    assert recoded([packed]) == recoded([packed[at : at + 1] for at in range(len(packed))]) == text.encode()
